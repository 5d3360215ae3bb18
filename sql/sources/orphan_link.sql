-- Links that name an id of no patient file, and the line of the first.
-- Returns: one row: many, line
-- Reads:   raw_link, identity, patient_filed
SELECT count(*) AS many, min(r.raw_line) AS line
FROM raw_link AS r
LEFT JOIN identity AS i ON i.patient_id = r.patient_id
LEFT JOIN patient_filed AS p ON p.patient = i.patient
LEFT JOIN identity AS j ON j.patient_id = r.same_as
LEFT JOIN patient_filed AS q ON q.patient = j.patient
WHERE r.patient_id <> '' AND r.same_as <> '' AND (p.patient IS NULL OR q.patient IS NULL)
