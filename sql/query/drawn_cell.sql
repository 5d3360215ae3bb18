-- The cells of patients who have more than the bound lets count, in a random but fixed order by a keyed hash of patient and cell (P9).
-- The hash is a polynomial in the cell over the field of 2^31 - 1 whose coefficients are a keyed hash of the patient: one costly hash a
-- patient, and any three cells of a patient are ordered as if each had been drawn on its own.
-- Returns: the columns of asked_cell, place (from 1)
-- Reads:   asked_cell, wide_patient, patient
-- Takes:   $key, $most (cells a patient)
WITH keyed AS (
    SELECT
        patient.patient,
        sha256(concat_ws('|', $key, patient.patient_id)) AS draw
    FROM patient
    INNER JOIN wide_patient ON wide_patient.patient = patient.patient
),
seeded AS (
    SELECT
        patient,
        CAST('0x' || substr(draw, 1, 15) AS BIGINT) % 2147483647 AS square,
        CAST('0x' || substr(draw, 16, 15) AS BIGINT) % 2147483647 AS slope,
        CAST('0x' || substr(draw, 31, 15) AS BIGINT) % 2147483647 AS base
    FROM keyed
)
SELECT
    asked_cell.*,
    row_number() OVER (
        PARTITION BY asked_cell.patient
        ORDER BY ((seeded.square * asked_cell.cell + seeded.slope) % 2147483647 * asked_cell.cell + seeded.base) % 2147483647, asked_cell.cell
    ) AS place
FROM asked_cell
INNER JOIN seeded ON seeded.patient = asked_cell.patient
