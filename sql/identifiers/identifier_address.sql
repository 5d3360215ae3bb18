-- Everything an entry could name a patient by: each identifier in each form (S2, S3).
-- Returns: patient, kind, profile, probe, hash, valid (usable for contact)
-- Reads:   identifier_plain, identifier_google, identifier_overseas, identifier_read
-- Takes:   $inner, $outer (HMAC pads)
WITH named AS (
    SELECT item, kind, 1 AS profile, clean AS normal, TRUE AS valid FROM identifier_plain
    UNION ALL
    SELECT item, kind, profile, normal, FALSE AS valid FROM identifier_google
    UNION ALL
    SELECT item, kind, 2 AS profile, normal, FALSE AS valid FROM identifier_overseas
    UNION ALL
    SELECT item, kind, profile, normal, valid FROM identifier_read
),

hashed AS (
    SELECT
        item, kind, profile, valid,
        sha256($outer || unhex(sha256($inner || encode(normal)))) AS hash
    FROM named
)

SELECT
    item AS patient,
    kind,
    CAST(profile AS SMALLINT) AS profile,
    CAST('0x' || left(hash, 15) AS BIGINT) AS probe,
    hash,
    valid
FROM hashed
