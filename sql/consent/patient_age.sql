-- Whether each patient is of age (C11).
-- Returns: patient, minor, age_unknown BOOLEAN
-- Reads:   patient_now
-- Takes:   $min_age
SELECT
    patient,
    coalesce(age_now < $min_age, FALSE) AS minor,
    age_now IS NULL AS age_unknown
FROM patient_now
