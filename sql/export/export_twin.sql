-- Members that passed everything so far and share an address with another patient.
-- Returns: patient, patient_id, address
-- Reads:   export_considered, identity
SELECT x.patient, i.patient_id, x.address
FROM export_considered AS x
JOIN identity AS i ON x.patient = i.patient
WHERE x.reason = 0 AND x.shared
