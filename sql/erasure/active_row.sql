-- Patients who have rows in one fact table.
-- Returns: patient (once)
-- Reads:   active_source(patient)
SELECT DISTINCT patient
FROM active_source
