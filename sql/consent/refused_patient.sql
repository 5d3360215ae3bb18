-- Patients who are refused whatever they said (C11 to C13).
-- Returns: patient, deceased, erased, too_wide, minor, age_unknown BOOLEAN
-- Reads:   patient_age, link_group, human_refused
SELECT
    patient.patient,
    coalesce(refused.deceased, FALSE) AS deceased,
    coalesce(refused.erased, FALSE) AS erased,
    coalesce(refused.too_wide, FALSE) AS too_wide,
    patient.minor,
    patient.age_unknown
FROM patient_age AS patient
LEFT JOIN link_group AS link ON link.patient = patient.patient
LEFT JOIN human_refused AS refused ON refused.human = coalesce(link.grp, patient.patient)
WHERE refused.human IS NOT NULL OR patient.minor OR patient.age_unknown
