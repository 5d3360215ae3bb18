-- Whether a column of ids holds an id of the erased.
-- Returns: found
-- Reads:   erase_source, needle_id(text)
-- Takes:   __column__
SELECT count(*) > 0 AS found
FROM (SELECT CAST(__column__ AS VARCHAR) AS text FROM erase_source) AS s
LEFT SEMI JOIN needle_id AS n ON s.text = n.text
