-- Patient ids whose rows differ: all of them go to quarantine (I2). Identical rows are one.
-- Returns: patient_id
-- Reads:   raw_patient, patient_duplicate
-- Takes:   __columns__ (all columns of the source)
SELECT patient_id
FROM (
    SELECT DISTINCT __columns__ FROM raw_patient SEMI JOIN patient_duplicate USING (patient_id)
) AS version
GROUP BY patient_id
HAVING count(*) > 1
