-- Whether a column holds anything of the erased.
-- Returns: found
-- Reads:   erase_source, needle(text: lower case)
-- Takes:   __column__
SELECT count(*) > 0 AS found
FROM (SELECT lower(CAST(__column__ AS VARCHAR)) AS text FROM erase_source) AS s
JOIN needle AS n ON contains(s.text, n.text)
