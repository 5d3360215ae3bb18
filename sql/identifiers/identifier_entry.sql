-- Identifiers of a suppression list as entries keep them: the keyed hash of the coarsest form of
-- each mailbox or number that a cell names. A cell that can name nobody has no row.
-- Returns: item, kind, probe, hash, doubt (what is to be told of it)
-- Reads:   identifier_plain, identifier_google, identifier_overseas, identifier_read
-- Takes:   $inner, $outer (HMAC pads)
WITH named AS (
    SELECT
        p.item,
        p.kind,
        coalesce(g.normal, o.normal, p.clean) AS normal,
        CAST(NULL AS VARCHAR) AS doubt
    FROM identifier_plain AS p
    LEFT JOIN (SELECT item, kind, normal FROM identifier_google WHERE profile = 2) AS g
        ON p.item = g.item AND p.kind = g.kind
    LEFT JOIN identifier_overseas AS o ON p.item = o.item AND p.kind = o.kind
    UNION ALL
    SELECT item, kind, normal, doubt
    FROM identifier_read
    WHERE kept
),

hashed AS (
    SELECT item, kind, doubt, sha256($outer || unhex(sha256($inner || encode(normal)))) AS hash
    FROM named
)

SELECT item, kind, CAST('0x' || left(hash, 15) AS BIGINT) AS probe, hash, doubt
FROM hashed
