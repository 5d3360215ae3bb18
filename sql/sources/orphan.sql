-- Rows whose patient is in no patient file, and the line of the first.
-- Returns: one row: many, line
-- Reads:   naming_row (patient, line), patient_filed
SELECT count(*) AS many, min(n.line) AS line
FROM naming_row AS n
ANTI JOIN patient_filed AS p ON p.patient = n.patient
