-- Prospects whose last own contact is too long ago: nobody with rows of facts, and no act of their own since (law.md, CNIL on prospects).
-- An act of their own is an expression of will made by a person, a preference, or a click; an email opened is none.
-- Returns: patient
-- Reads:   identity, patient, consent, preference, active_patient(patient)
-- Takes:   $since
WITH acted AS (
    SELECT patient, max(greatest(coalesce(effective_at, recorded_at), coalesce(recorded_at, effective_at))) AS last_at
    FROM consent
    WHERE method NOT IN ('import', 'sync', 'merge', 'default')
    GROUP BY patient
    UNION ALL
    SELECT patient, max(updated_at) AS last_at FROM preference GROUP BY patient
)

SELECT p.patient
FROM patient AS p
LEFT ANTI JOIN active_patient AS a ON p.patient = a.patient
LEFT ANTI JOIN (SELECT patient FROM acted WHERE last_at >= $since OR last_at IS NULL) AS r ON p.patient = r.patient
