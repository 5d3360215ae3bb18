-- The rows of a question in a random but fixed order within each patient and cell, by a keyed hash
-- of what they hold (P9). Neither the order of files nor the rows of other patients can change it:
-- rows that hold the same are numbered, and it does not matter which has which number.
-- Returns: the columns of asked_row, content, copy, draw VARCHAR
-- Reads:   asked_row, patient
-- Takes:   $key, __content__ (the measured columns as texts)
WITH held AS (
    SELECT
        asked_row.*,
        concat_ws('|', __content__) AS content
    FROM asked_row
),

numbered AS (
    SELECT
        held.*,
        row_number() OVER (
            PARTITION BY held.patient, held.cell, held.content ORDER BY held.content
        ) AS copy
    FROM held
)

SELECT
    numbered.*,
    sha256(
        concat_ws(
            '|', $key, patient.patient_id, CAST(numbered.cell AS VARCHAR),
            CAST(numbered.copy AS VARCHAR), numbered.content
        )
    ) AS draw
FROM numbered
INNER JOIN patient ON patient.patient = numbered.patient
