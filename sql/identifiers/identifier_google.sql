-- The second profile of Google addresses, where it differs: dots and +suffix of the local part dropped, the domain kept (S3).
-- Returns: item, kind, profile, normal, valid. Reads: identifier_first.
SELECT
    item,
    kind,
    2 AS profile,
    replace(split_part(left(normal, length(normal) - length(domain) - 1), '+', 1), '.', '') || '@' || domain AS normal,
    FALSE AS valid
FROM (
    SELECT item, kind, normal, split_part(normal, '@', -1) AS domain
    FROM identifier_first
    WHERE kind = 'email' AND (normal LIKE '%@gmail.com' OR normal LIKE '%@googlemail.com')
) AS google
WHERE regexp_matches(left(normal, length(normal) - length(domain) - 1), '[.+]')
