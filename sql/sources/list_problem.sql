-- List rows to be told of, one for each line: what can name nobody adds nothing, the others are
-- kept, in the widest sense or in every reading; `lost` says that the row counts as set aside.
-- Returns: source, origin, line, rule, reason, content, lost
-- Reads:   list_entry_read, list_hash
WITH told AS (
    SELECT
        e.source,
        e.origin,
        e.line,
        CASE
            WHEN h.item IS NULL AND trim(e.value) = '' THEN 'S5'
            WHEN h.item IS NULL OR e.problem IS NULL THEN 'S3'
            ELSE e.rule
        END AS rule,
        CASE
            WHEN h.item IS NULL AND trim(e.value) = '' THEN 'names nobody'
            WHEN h.item IS NULL AND e.kind = 'email' THEN 'no e-mail address can be read'
            WHEN h.item IS NULL AND e.kind = 'phone' THEN 'no phone number can be read'
            WHEN h.item IS NULL AND e.kind = 'domain' THEN 'no domain can be read'
            WHEN h.item IS NULL AND e.kind = 'postal' THEN 'no postal address can be read'
            WHEN h.item IS NULL THEN 'no patient id can be read'
            ELSE coalesce(e.problem, h.doubt)
        END AS problem,
        h.item IS NULL OR e.lost AS lost
    FROM list_entry_read AS e
    LEFT JOIN list_hash AS h ON e.item = h.item
),

ranked AS (
    SELECT
        source,
        origin,
        line,
        rule,
        problem,
        max(CASE WHEN lost THEN 1 ELSE 0 END) OVER (PARTITION BY source, origin, line) = 1 AS lost,
        row_number() OVER (
            PARTITION BY source, origin, line ORDER BY lost DESC, rule DESC, problem
        ) AS place
    FROM told
    WHERE problem IS NOT NULL
)

SELECT source, origin, line, rule, problem AS reason, '' AS content, lost
FROM ranked
WHERE place = 1
