-- Those reached whose events are read whole.
-- Returns: patient, since (NULL)
-- Reads:   reached
SELECT
    patient,
    since
FROM reached
WHERE since IS NULL
