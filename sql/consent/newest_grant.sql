-- For each patient and each exact scope and mask the newest grant that counts: it lifts whatever an
-- older one lifts (C7).
-- Returns: patient, word, scope, mask BIGINT (0: those that do not hold yet), given_at, due_at
--          (when one of them changes, NULL never)
-- Reads:   grant_event
SELECT
    patient,
    word,
    scope,
    mask,
    max(given_at) AS given_at,
    min(due_at) AS due_at
FROM grant_event
GROUP BY patient, word, scope, mask
