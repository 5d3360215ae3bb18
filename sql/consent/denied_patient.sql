-- Patients about whom a denial speaks: their own, or that of a linked id (C13). Groups that are too
-- wide are refused anyway.
-- Returns: patient, human
-- Reads:   patient, link_group, newest_denial
-- Takes:   $max_linked
SELECT
    patient.patient,
    coalesce(link.grp, patient.patient) AS human
FROM patient
LEFT JOIN link_group AS link ON link.patient = patient.patient
WHERE
    coalesce(link.grp, patient.patient) IN (
        SELECT human FROM newest_denial WHERE lifted_after IS NOT NULL
    )
    AND (link.size IS NULL OR link.size <= $max_linked)
