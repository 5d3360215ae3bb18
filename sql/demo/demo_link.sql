-- Patients who were registered twice: both ids are one human. Reads: demo_draw. Takes: $seed, $patients.
SELECT patient_id, 'P' || lpad(CAST(person AS VARCHAR), 8, '0') AS same_as
FROM demo_draw
WHERE person <> i
ORDER BY i
