-- How many rows of each source named nobody in the previous snapshot.
-- Returns: name, orphans, line
-- Reads:   old_orphan_count
SELECT name, orphans, line FROM old_orphan_count
