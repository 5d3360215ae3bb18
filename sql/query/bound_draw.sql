-- What decides which cells of a patient count, where there are too many (P9): the coefficients of a
-- polynomial in the cell over the field of 2^31 - 1, a keyed hash of the patient. One costly hash a
-- patient, and any three cells of a patient are ordered as if each had been drawn on its own. A
-- snapshot holds it as a table.
-- Returns: patient, square, slope, base
-- Reads:   patient
-- Takes:   $key
WITH keyed AS (
    SELECT
        patient,
        sha256(concat_ws('|', $key, patient_id)) AS draw
    FROM patient
)

SELECT
    patient,
    CAST(CAST('0x' || substr(draw, 1, 15) AS BIGINT) % 2147483647 AS INTEGER) AS square,
    CAST(CAST('0x' || substr(draw, 16, 15) AS BIGINT) % 2147483647 AS INTEGER) AS slope,
    CAST(CAST('0x' || substr(draw, 31, 15) AS BIGINT) % 2147483647 AS INTEGER) AS base
FROM keyed
