-- Patients whom the table of deaths names: a row is a death, whatever its date says.
-- Returns: patient (once)
-- Reads:   raw_death, identity
SELECT DISTINCT i.patient
FROM raw_death AS r
JOIN identity AS i ON i.patient_id = r.patient_id
