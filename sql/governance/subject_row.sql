-- Everything one table holds of a person.
-- Returns: the columns of subject_source
-- Reads:   subject_source(patient, ...), subject_patient(patient)
SELECT s.*
FROM subject_source AS s
LEFT SEMI JOIN subject_patient AS p ON s.patient = p.patient
