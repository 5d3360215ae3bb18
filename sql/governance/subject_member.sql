-- Whether a person is a member of a registered export.
-- Returns: held
-- Reads:   registered(patient), subject_patient
SELECT count(*) > 0 AS held
FROM registered AS r
LEFT SEMI JOIN subject_patient AS p ON r.patient = p.patient
