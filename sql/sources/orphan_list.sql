-- Rows of a list that name a patient id of no patient file, and the line of the first.
-- Returns: one row: many, line
-- Reads:   list_written, identity, patient_filed
SELECT count(*) AS many, min(w.line) AS line
FROM list_written AS w
LEFT JOIN identity AS i ON i.patient_id = trim(w.value)
LEFT JOIN patient_filed AS p ON p.patient = i.patient
WHERE w.kind = 'patient_id' AND trim(w.value) <> '' AND p.patient IS NULL
