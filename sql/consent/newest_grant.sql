-- For each patient with a denial, and each exact scope and mask, the newest grant that counts: it lifts whatever an older one lifts (C7).
-- Returns: patient, human, word, scope, mask, given_at
-- Reads:   grant_event, denied_patient
-- Takes:   what they take
SELECT
    patient.patient,
    patient.human,
    event.word,
    event.scope,
    event.mask,
    max(event.given_at) AS given_at
FROM grant_event AS event
JOIN denied_patient AS patient ON patient.patient = event.patient
WHERE event.mask <> 0
GROUP BY patient.patient, patient.human, event.word, event.scope, event.mask
