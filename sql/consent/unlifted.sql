-- What each denial still forbids each patient it speaks about. A grant lifts a denial for the
-- questions that it answers itself, if it is strictly later and at least as specific: it names
-- alike each field that the denial names (C7, C9, C10).
-- Returns: patient, word, scope, mask BIGINT
-- Reads:   newest_grant, denied_patient, newest_denial
WITH lift AS (
    SELECT
        patient.patient,
        denial.word,
        denial.scope,
        bit_or(given.mask) AS lifted
    FROM newest_grant AS given
    JOIN denied_patient AS patient ON patient.patient = given.patient
    JOIN newest_denial AS denial ON denial.human = patient.human AND denial.word = given.word
    WHERE
        given.given_at > denial.lifted_after
        AND (given.scope & denial.fields) = denial.scope
    GROUP BY patient.patient, denial.word, denial.scope
)

SELECT
    patient.patient,
    denial.word,
    denial.scope,
    denial.mask & ~coalesce(lift.lifted, 0) AS mask
FROM denied_patient AS patient
JOIN newest_denial AS denial ON denial.human = patient.human
LEFT JOIN lift
    ON lift.patient = patient.patient AND lift.word = denial.word AND lift.scope = denial.scope
WHERE denial.lifted_after IS NOT NULL
