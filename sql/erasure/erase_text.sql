-- Whatever of the erased might stand in a line kept as text.
-- Returns: text (lower case)
-- Reads:   identity, patient, gone
SELECT DISTINCT lower(told.text) AS text
FROM (
    SELECT i.patient, i.patient_id AS text FROM identity AS i
    UNION ALL
    SELECT p.patient, p.email FROM patient AS p
    UNION ALL
    SELECT p.patient, p.phone FROM patient AS p
    UNION ALL
    SELECT p.patient, p.postal FROM patient AS p
) AS told
LEFT SEMI JOIN gone AS g ON told.patient = g.patient
WHERE told.text <> ''
