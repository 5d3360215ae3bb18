-- Those who are decided again because they only said something new.
-- Returns: patient, since BIGINT (the first event that the state before does not know)
-- Reads:   decide_again
SELECT
    patient,
    since
FROM decide_again
WHERE since IS NOT NULL
