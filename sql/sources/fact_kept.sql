-- A fact table of the snapshot: rows with a patient whose numbers can be read.
-- Returns: patient, line, __columns__
-- Reads:   raw_fact (patient_id and the columns), identity
-- Takes:   __unreadable__, __columns__
SELECT i.patient, r.raw_line AS line, __columns__
FROM raw_fact AS r
JOIN identity AS i ON i.patient_id = r.raw_patient
WHERE NOT __unreadable__
