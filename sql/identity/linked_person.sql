-- A person in one snapshot: every id linked to the one named, with its identifiers.
-- Returns: patient, patient_id, email, phone, postal
-- Reads:   identity, link_group, patient
-- Takes:   $patient_id
WITH named AS (
    SELECT patient FROM identity WHERE patient_id = $patient_id
),

everyone AS (
    SELECT patient FROM named
    UNION
    SELECT other.patient
    FROM named
    JOIN link_group AS own ON named.patient = own.patient
    JOIN link_group AS other ON own.grp = other.grp
)

SELECT i.patient, i.patient_id, p.email, p.phone, p.postal
FROM everyone
JOIN identity AS i ON everyone.patient = i.patient
LEFT JOIN patient AS p ON everyone.patient = p.patient
ORDER BY i.patient_id
