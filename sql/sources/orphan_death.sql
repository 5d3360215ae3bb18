-- Deaths of ids that the patient files do not have, and the line of the first.
-- Returns: one row: many, line
-- Reads:   raw_death, raw_patient
SELECT count(*) AS many, min(d.raw_line) AS line
FROM raw_death AS d
ANTI JOIN raw_patient AS p ON p.patient_id = d.patient_id
WHERE d.patient_id <> ''
