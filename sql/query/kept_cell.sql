-- What counts: at most $most cells a patient (P9).
-- Returns: the columns of asked_cell, place (from 1, among the cells of a patient who has too many; else 1)
-- Reads:   asked_cell, wide_patient, drawn_cell
-- Takes:   $key, $most
SELECT
    asked_cell.*,
    CAST(1 AS BIGINT) AS place
FROM asked_cell
WHERE asked_cell.patient NOT IN (SELECT wide_patient.patient FROM wide_patient)
UNION ALL
SELECT *
FROM drawn_cell
WHERE place <= $most
