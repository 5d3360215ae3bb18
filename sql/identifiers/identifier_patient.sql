-- The identifiers of one kind of the snapshot's patients; for `patient_id`, of every id seen
-- anywhere.
-- Returns: item (the patient), kind, value
-- Reads:   identity, patient
-- Takes:   __kind__
SELECT item, kind, value
FROM (
    SELECT patient AS item, 'patient_id' AS kind, patient_id AS value FROM identity
    UNION ALL
    SELECT patient, 'email', email FROM patient
    UNION ALL
    SELECT patient, 'phone', phone FROM patient
    UNION ALL
    SELECT patient, 'postal', postal FROM patient
) AS every
WHERE kind = __kind__ AND value IS NOT NULL
