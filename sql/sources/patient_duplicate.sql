-- Patient ids that stand in more than one row.
-- Returns: patient_id
-- Reads:   raw_patient
SELECT patient_id FROM raw_patient WHERE patient_id <> '' GROUP BY patient_id HAVING count(*) > 1
