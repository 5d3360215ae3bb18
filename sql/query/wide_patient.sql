-- Patients who have more cells than the bound lets count (P9).
-- Returns: patient, cells, many (all their rows)
-- Reads:   asked_cell
-- Takes:   $most (cells a patient)
SELECT
    patient,
    count(*) AS cells,
    sum(many) AS many
FROM asked_cell
GROUP BY patient
HAVING count(*) > $most
