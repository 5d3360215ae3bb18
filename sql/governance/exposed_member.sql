-- Exactly who was in an exported file. For the officer alone.
-- Returns: patient_id
-- Reads:   registered(patient), identity
SELECT i.patient_id
FROM registered AS r
JOIN identity AS i ON r.patient = i.patient
ORDER BY i.patient_id
