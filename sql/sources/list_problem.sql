-- List rows to be told of: what names nobody adds nothing, the others are kept in the widest sense. One for each line; `lost` says that
-- the row counts as set aside.
-- Returns: source, origin, line, rule, reason, content, lost. Reads: list_entry_read, list_hash.
SELECT source, origin, line, min(rule) AS rule, min(problem) AS reason, '' AS content, max(CASE WHEN lost THEN 1 ELSE 0 END) = 1 AS lost
FROM (
  SELECT
    e.source, e.origin, e.line,
    CASE WHEN h.item IS NULL THEN 'S5' ELSE e.rule END AS rule,
    CASE WHEN h.item IS NULL THEN 'names nobody' ELSE e.problem END AS problem,
    h.item IS NULL OR e.lost AS lost
  FROM list_entry_read AS e
  LEFT JOIN list_hash AS h ON h.item = e.item
) AS told
WHERE problem IS NOT NULL
GROUP BY source, origin, line
