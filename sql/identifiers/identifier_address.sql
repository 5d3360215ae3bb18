-- Everything a suppression entry could name a patient by: each identifier under each profile (S2, S3).
-- Returns: patient, kind, profile, probe, hash, valid (usable for contact)
-- Reads:   identifier_first, identifier_google
-- Takes:   $inner, $outer (HMAC pads)
WITH named AS (
    SELECT item, kind, profile, normal, valid FROM identifier_first
    UNION ALL
    SELECT item, kind, profile, normal, valid FROM identifier_google
),

hashed AS (
    SELECT item, kind, profile, valid, sha256($outer || unhex(sha256($inner || encode(normal)))) AS hash
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
