-- The ids of one human: a patient id and every id linked to it.
-- Returns: patient
-- Reads:   identity, link_group
-- Takes:   $patient_id
WITH asked AS (
    SELECT
        identity.patient,
        link.grp
    FROM identity
    LEFT JOIN link_group AS link ON link.patient = identity.patient
    WHERE identity.patient_id = $patient_id
)

SELECT patient FROM asked
UNION
SELECT patient FROM link_group WHERE grp IN (SELECT asked.grp FROM asked)
