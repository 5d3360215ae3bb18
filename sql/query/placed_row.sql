-- The rows of a question in a random but fixed order within each patient and cell, by a keyed hash
-- (P9). The hash takes the row's place among the patient's own rows: so no other patient's rows can
-- change it.
-- Returns: the columns of asked_row, draw VARCHAR
-- Reads:   asked_row, patient
-- Takes:   $key
WITH ordered AS (
    SELECT
        asked_row.*,
        row_number() OVER (
            PARTITION BY asked_row.patient, asked_row.cell ORDER BY asked_row.line
        ) AS place
    FROM asked_row
)

SELECT
    ordered.*,
    sha256(
        concat_ws(
            '|', $key, patient.patient_id, CAST(ordered.cell AS VARCHAR),
            CAST(ordered.place AS VARCHAR)
        )
    ) AS draw
FROM ordered
INNER JOIN patient ON patient.patient = ordered.patient
