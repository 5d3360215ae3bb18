-- The numbers that the previous snapshot gave to patient ids: they stay for ever.
-- Returns: patient, patient_id
-- Reads:   old_identity
SELECT patient, patient_id FROM old_identity
