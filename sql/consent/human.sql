-- The ids of one human: a patient id and every id linked to it.
-- Returns: patient
-- Reads:   identity, link_group
-- Takes:   $patient_id
WITH one AS (
    SELECT
        identity.patient,
        link.grp
    FROM identity
    LEFT JOIN link_group AS link ON link.patient = identity.patient
    WHERE identity.patient_id = $patient_id
)

SELECT patient FROM one
UNION
SELECT patient FROM link_group WHERE grp IN (SELECT one.grp FROM one)
