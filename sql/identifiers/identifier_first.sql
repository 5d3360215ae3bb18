-- The first profile of every identifier: how it is compared and written (S3). What is plain is
-- valid.
-- Returns: item, kind, profile, normal, valid
-- Reads:   identifier_plain, identifier_read
SELECT item, kind, 1 AS profile, clean AS normal, TRUE AS valid
FROM identifier_plain
UNION ALL
SELECT item, kind, profile, normal, valid
FROM identifier_read
WHERE profile = 1
