-- The domains of patients' addresses, which domain entries match (S3); each distinct one is hashed once.
-- Returns: patient, kind, profile, probe, hash, valid
-- Reads:   identifier_first
-- Takes:   $inner, $outer (HMAC pads)
WITH named AS (
    SELECT item, split_part(normal, '@', -1) AS normal
    FROM identifier_first
    WHERE kind = 'email' AND contains(normal, '@') AND NOT ends_with(normal, '@')
),

hashed AS (
    SELECT normal, sha256($outer || unhex(sha256($inner || encode(normal)))) AS hash
    FROM (SELECT DISTINCT normal FROM named) AS each
)

SELECT
    n.item AS patient,
    'domain' AS kind,
    CAST(1 AS SMALLINT) AS profile,
    CAST('0x' || left(h.hash, 15) AS BIGINT) AS probe,
    h.hash,
    FALSE AS valid
FROM named AS n
JOIN hashed AS h ON n.normal = h.normal
