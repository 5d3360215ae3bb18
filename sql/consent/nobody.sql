-- No patient at all: nothing was changed.
-- Returns: patient
-- Reads:   patient
SELECT patient
FROM patient
WHERE FALSE
