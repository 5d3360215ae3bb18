-- How many rows a table has, and the numbers of its first and last patient (NULL where it is
-- empty).
-- Returns: one row: rows_there, first, last
-- Reads:   __table__
SELECT
    count(*) AS rows_there,
    min(patient) AS first,
    max(patient) AS last
FROM __table__
