-- A person's ids: the one named and those linked to it.
-- Returns: patient, patient_id
-- Reads:   subject_patient(patient, patient_id)
SELECT patient, patient_id
FROM subject_patient
ORDER BY patient_id
