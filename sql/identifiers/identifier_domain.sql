-- The names by which domain entries match plain addresses (S3); each distinct one is hashed once.
-- Returns: patient, kind, profile, probe, hash, valid
-- Reads:   identifier_named_domain, identifier_covering(domain, name)
-- Takes:   $inner, $outer (HMAC pads)
WITH own AS (
    SELECT DISTINCT domain FROM identifier_named_domain
),

hashed AS (
    SELECT domain, sha256($outer || unhex(sha256($inner || encode(name)))) AS hash
    FROM (
        SELECT domain, domain AS name FROM own
        UNION ALL
        SELECT domain, name FROM identifier_covering
    ) AS each
)

SELECT
    n.item AS patient,
    'domain' AS kind,
    CAST(2 AS SMALLINT) AS profile,
    CAST('0x' || left(h.hash, 15) AS BIGINT) AS probe,
    h.hash,
    FALSE AS valid
FROM identifier_named_domain AS n
JOIN hashed AS h ON n.domain = h.domain
