-- The second profile of plain Google addresses, if it differs: one domain, without dots and +suffix
-- (S3). Earlier versions kept the domain.
-- Returns: item, kind, profile, normal
-- Reads:   identifier_plain
WITH google AS (
    SELECT
        item,
        kind,
        clean,
        split_part(clean, '@', 2) AS domain,
        replace(split_part(split_part(clean, '@', 1), '+', 1), '.', '') AS bare
    FROM identifier_plain
    WHERE kind = 'email' AND (clean LIKE '%@gmail.com' OR clean LIKE '%@googlemail.com')
)

SELECT item, kind, 2 AS profile, bare || '@gmail.com' AS normal
FROM google
WHERE clean <> bare || '@gmail.com'
UNION ALL
SELECT item, kind, 3 AS profile, bare || '@' || domain AS normal
FROM google
WHERE domain <> 'gmail.com' AND clean <> bare || '@' || domain
