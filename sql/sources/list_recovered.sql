-- Broken lines of which something could be listed after all.
-- Returns: origin, line
-- Reads:   list_broken, list_written
SELECT DISTINCT b.origin, b.line
FROM list_broken AS b
SEMI JOIN list_written AS w ON w.origin = b.origin AND w.line = b.line
