-- No patient at all: nothing was changed.
-- Returns: patient, since BIGINT
-- Reads:   patient
SELECT
    patient,
    CAST(NULL AS BIGINT) AS since
FROM patient
WHERE FALSE
