-- Whether a row that names nobody would name a patient of the files if leading zeros did not count.
-- Returns: one row: found BOOLEAN
-- Reads:   naming_row (patient, line), patient_filed, identity
SELECT count(*) > 0 AS found
FROM (
    SELECT DISTINCT regexp_replace(i.patient_id, '^0+', '') AS bare
    FROM naming_row AS n
    JOIN identity AS i ON i.patient = n.patient
    ANTI JOIN patient_filed AS p ON p.patient = n.patient
) AS lost
JOIN (
    SELECT regexp_replace(i.patient_id, '^0+', '') AS bare
    FROM patient_filed AS p
    JOIN identity AS i ON i.patient = p.patient
) AS filed
    ON filed.bare = lost.bare
