-- The numbers that the previous snapshot gave to patient ids: they stay for ever. Earlier versions
-- left blanks around ids: without them the number stays, unless the bare id has one of its own.
-- Returns: patient, patient_id
-- Reads:   old_identity
-- Takes:   $around (a pattern: what is taken off around an id)
WITH bare AS (
    SELECT min(patient) AS patient, bare_id
    FROM (
        SELECT patient, regexp_replace(patient_id, $around, '', 'g') AS bare_id
        FROM old_identity
        WHERE NOT regexp_matches(patient_id, '^[!-~]+$')
    ) AS padded
    WHERE bare_id <> ''
    GROUP BY bare_id
),

fresh AS (
    SELECT b.patient, b.bare_id
    FROM bare AS b
    LEFT ANTI JOIN old_identity AS own ON b.bare_id = own.patient_id
)

SELECT o.patient, coalesce(f.bare_id, o.patient_id) AS patient_id
FROM old_identity AS o
LEFT JOIN fresh AS f ON o.patient = f.patient
