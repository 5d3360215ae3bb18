-- Those reached who only said something new.
-- Returns: patient, since BIGINT (the first event that the state before does not know)
-- Reads:   reached
SELECT
    patient,
    since
FROM reached
WHERE since IS NOT NULL
