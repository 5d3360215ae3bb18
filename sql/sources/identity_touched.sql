-- Ids whose keyed hashes have to be made anew: those of touched patients, and those that are new.
-- Returns: patient, patient_id
-- Reads:   identity, rehash
SELECT i.patient, i.patient_id FROM identity AS i SEMI JOIN rehash AS r ON r.patient = i.patient
