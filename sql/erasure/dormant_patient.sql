-- Prospects whose last own contact is too long ago: nobody with rows of facts, and no act of their
-- own since (law.md, CNIL on prospects). An act of their own is an expression of will made by a
-- person, a preference, or a click; an email opened is none. Who never did anything that is known,
-- or not when, stays: nothing says that it was long ago.
-- Returns: patient
-- Reads:   consent, preference, patient, active_patient(patient)
-- Takes:   $since
WITH acted AS (
    SELECT
        patient,
        coalesce(greatest(effective_at, recorded_at), effective_at, recorded_at) AS acted_at
    FROM consent
    WHERE method NOT IN ('import', 'sync', 'merge', 'default')
    UNION ALL
    SELECT patient, updated_at AS acted_at FROM preference
),

dormant AS (
    SELECT patient
    FROM acted
    GROUP BY patient
    HAVING max(acted_at) < $since AND count(*) = count(acted_at)
)

SELECT p.patient
FROM patient AS p
LEFT SEMI JOIN dormant AS d ON p.patient = d.patient
LEFT ANTI JOIN active_patient AS a ON p.patient = a.patient
