-- The cells of patients who have more than the bound lets count, in a random but fixed order by a keyed hash of patient and cell (P9).
-- Returns: patient, cell, place (from 1)
-- Reads:   asked_cell, patient
-- Takes:   $key, $most (cells a patient)
WITH wide AS (
    SELECT patient
    FROM asked_cell
    GROUP BY patient
    HAVING count(*) > $most
),
hashed AS (
    SELECT
        asked_cell.patient AS patient,
        asked_cell.cell AS cell,
        sha256(concat_ws('|', $key, patient.patient_id, CAST(asked_cell.cell AS VARCHAR))) AS draw
    FROM asked_cell
    INNER JOIN wide ON wide.patient = asked_cell.patient
    INNER JOIN patient ON patient.patient = asked_cell.patient
)
SELECT
    patient,
    cell,
    row_number() OVER (PARTITION BY patient ORDER BY draw, cell) AS place
FROM hashed
