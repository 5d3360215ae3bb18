-- Normalised identifiers as ad platforms want them beside the first profile: of Google addresses
-- dots and +suffix dropped, the domain kept.
-- Returns: item, normal, coarse
-- Reads:   identifier_first
SELECT
    item,
    normal,
    CASE
        WHEN kind = 'email' AND (normal LIKE '%@gmail.com' OR normal LIKE '%@googlemail.com')
            THEN
                replace(split_part(split_part(normal, '@', 1), '+', 1), '.', '') || '@'
                    || split_part(normal, '@', -1)
        ELSE normal
    END AS coarse
FROM identifier_first
