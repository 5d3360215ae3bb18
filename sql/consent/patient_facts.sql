-- What is known of one patient id before anything it said (C11 to C13). An id without a row in the
-- patient table has no known age.
-- Returns: patient, deceased, erased, too_wide, minor, age_unknown BOOLEAN
-- Reads:   identity, link_group, human_refused, patient_age
-- Takes:   $patient_id
SELECT
    identity.patient,
    coalesce(refused.deceased, FALSE) AS deceased,
    coalesce(refused.erased, FALSE) AS erased,
    coalesce(refused.too_wide, FALSE) AS too_wide,
    coalesce(own.minor, FALSE) AS minor,
    coalesce(own.age_unknown, TRUE) AS age_unknown
FROM identity
LEFT JOIN link_group AS link ON link.patient = identity.patient
LEFT JOIN human_refused AS refused ON refused.human = coalesce(link.grp, identity.patient)
LEFT JOIN patient_age AS own ON own.patient = identity.patient
WHERE identity.patient_id = $patient_id
