-- Patients who were registered twice: both ids are one human.
-- Returns: patient_id, same_as
-- Reads:   demo_draw
SELECT patient_id, 'P' || lpad(CAST(person AS VARCHAR), 8, '0') AS same_as
FROM demo_draw
WHERE person <> i
ORDER BY i
