-- Patients who are refused whatever they said (C11 to C13). A linked id's death or erasure is
-- everyone's in the group.
-- Returns: patient, deceased, erased, too_wide, minor, age_unknown BOOLEAN
-- Reads:   patient_now, aside (ids whose rows are in quarantine), erased, link_group
-- Takes:   $min_age, $max_linked
WITH gone AS (
    SELECT
        coalesce(link.grp, one.patient) AS human,
        bool_or(one.deceased) AS deceased,
        bool_or(one.erased) AS erased
    FROM (
        SELECT patient, TRUE AS deceased, FALSE AS erased FROM patient_now WHERE deceased
        UNION ALL
        SELECT patient, TRUE AS deceased, FALSE AS erased FROM aside WHERE deceased
        UNION ALL
        SELECT patient, FALSE AS deceased, TRUE AS erased FROM erased
    ) AS one
    LEFT JOIN link_group AS link ON link.patient = one.patient
    GROUP BY coalesce(link.grp, one.patient)
)

SELECT
    patient.patient,
    coalesce(gone.deceased, FALSE) AS deceased,
    coalesce(gone.erased, FALSE) AS erased,
    coalesce(link.size > $max_linked, FALSE) AS too_wide,
    coalesce(patient.age_now < $min_age, FALSE) AS minor,
    patient.age_now IS NULL AS age_unknown
FROM patient_now AS patient
LEFT JOIN link_group AS link ON link.patient = patient.patient
LEFT JOIN gone ON gone.human = coalesce(link.grp, patient.patient)
WHERE
    gone.human IS NOT NULL
    OR link.size > $max_linked
    OR patient.age_now IS NULL
    OR patient.age_now < $min_age
