-- The first line, from row $first on, whose word is not known; NULL if there is none.
-- Returns: line
-- Reads:   list_written
-- Takes:   $first
SELECT min(line) AS line
FROM list_written
WHERE told <> '' AND rowid >= $first
