-- Identifiers of a suppression list as entries keep them: one keyed hash each, of the coarsest profile, which every finer one implies.
-- Returns: item, kind, probe, hash, valid. Reads: identifier_first, identifier_google. Takes: $inner, $outer (HMAC pads).
WITH hashed AS (
    SELECT
        f.item,
        f.kind,
        f.valid,
        sha256($outer || unhex(sha256($inner || encode(coalesce(g.normal, f.normal))))) AS hash
    FROM identifier_first AS f
    LEFT JOIN identifier_google AS g ON f.item = g.item AND f.kind = g.kind
)

SELECT item, kind, CAST('0x' || left(hash, 15) AS BIGINT) AS probe, hash, valid
FROM hashed
