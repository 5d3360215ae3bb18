-- Those who are decided again from all of their events.
-- Returns: patient, since (NULL)
-- Reads:   decide_again
SELECT
    patient,
    since
FROM decide_again
WHERE since IS NULL
