-- Patients whose identifiers may have changed.
-- Returns: patient
-- Reads:   patient_touched, identity, old_identity
SELECT patient FROM patient_touched
UNION
(SELECT i.patient FROM identity AS i ANTI JOIN old_identity AS o ON o.patient = i.patient)
