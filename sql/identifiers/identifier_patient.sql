-- All identifiers of the snapshot's patients, and every patient id seen anywhere.
-- Returns: item (the patient), kind, value. Reads: identity, patient.
SELECT patient AS item, 'patient_id' AS kind, patient_id AS value FROM identity
UNION ALL
SELECT patient, 'email', email FROM patient WHERE email IS NOT NULL
UNION ALL
SELECT patient, 'phone', phone FROM patient WHERE phone IS NOT NULL
UNION ALL
SELECT patient, 'postal', postal FROM patient WHERE postal IS NOT NULL
