-- How many rows a table has, and the numbers of its first and last patient (NULL if it is empty).
-- Returns: one row: rows_there, first, last
-- Reads:   patient_cell
SELECT
    count(*) AS rows_there,
    min(patient) AS first,
    max(patient) AS last
FROM patient_cell
