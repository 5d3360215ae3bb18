-- How many rows or events of a list say anything: that name somebody, or could not be read. A row
-- may name several.
-- Returns: telling
-- Reads:   list_written(origin, line), list_broken(origin, line)
SELECT count(*) AS telling
FROM (
    SELECT origin, line FROM list_written
    UNION
    SELECT origin, line FROM list_broken
) AS told
