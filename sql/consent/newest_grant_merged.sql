-- The newest grants of those who are being decided. Of those who only said something new, what the
-- state before holds goes in too.
-- Returns: newest_grant's columns
-- Reads:   newest_grant, previous_newest_grant, deciding
SELECT
    patient,
    word,
    scope,
    mask,
    max(given_at) AS given_at,
    min(due_at) AS due_at
FROM (
    SELECT * FROM newest_grant
    UNION ALL
    SELECT earlier.*
    FROM previous_newest_grant AS earlier
    JOIN deciding ON deciding.patient = earlier.patient
    WHERE deciding.since IS NOT NULL
) AS given
GROUP BY patient, word, scope, mask
