-- How one patient id stands before anything it said: the facts of C11 to C13. A patient id without
-- a row has no known age.
-- Returns: patient, known BOOLEAN (the patient table has it), deceased, erased, too_wide, minor,
--          age_unknown BOOLEAN, size (of its linked group)
-- Reads:   identity, link_group, patient_now, aside (ids whose rows are in quarantine), erased
-- Takes:   $patient_id, $min_age, $max_linked
WITH kindred AS (
    SELECT
        identity.patient,
        link.grp,
        coalesce(link.size, 1) AS size
    FROM identity
    LEFT JOIN link_group AS link ON link.patient = identity.patient
    WHERE identity.patient_id = $patient_id
),

everyone AS (
    SELECT patient FROM kindred
    UNION
    SELECT patient FROM link_group WHERE grp IN (SELECT kindred.grp FROM kindred)
),

gone AS (
    SELECT
        (
            SELECT count(*) > 0
            FROM patient_now
            WHERE deceased AND patient IN (SELECT everyone.patient FROM everyone)
        )
        OR (
            SELECT count(*) > 0
            FROM aside
            WHERE deceased AND patient IN (SELECT everyone.patient FROM everyone)
        ) AS deceased,
        (
            SELECT count(*) > 0 FROM erased WHERE patient IN (SELECT everyone.patient FROM everyone)
        ) AS erased
)

SELECT
    kindred.patient,
    own.patient IS NOT NULL AS known,
    gone.deceased,
    gone.erased,
    kindred.size > $max_linked AS too_wide,
    coalesce(own.age_now < $min_age, FALSE) AS minor,
    own.age_now IS NULL AS age_unknown,
    kindred.size
FROM kindred
CROSS JOIN gone
LEFT JOIN patient_now AS own ON own.patient = kindred.patient
