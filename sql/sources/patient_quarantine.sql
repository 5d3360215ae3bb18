-- The patient table's rows in quarantine, with their content for the officer.
-- Returns: source, origin, line, rule, reason, content
-- Reads:   patient_broken, raw_patient
-- Takes:   __content__
SELECT
    'patient' AS source, p.raw_origin AS origin, p.raw_line AS line, b.rule, b.reason,
    __content__ AS content
FROM patient_broken AS b
JOIN raw_patient AS p ON p.raw_row = b.raw_row
