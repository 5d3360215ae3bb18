-- Patient ids all of whose rows are in quarantine, and whether any of these tells of a death.
-- Returns: patient (once), deceased BOOLEAN
-- Reads:   aside_row
SELECT patient, bool_or(deceased) AS deceased FROM aside_row GROUP BY patient
