-- The newest denials of those who are being decided. Of those who only said something new, what the
-- state before holds goes in too.
-- Returns: newest_denial's columns
-- Reads:   newest_denial, previous_newest_denial, deciding
SELECT
    human,
    word,
    scope,
    fields,
    mask,
    max(lifted_after) AS lifted_after,
    min(due_at) AS due_at
FROM (
    SELECT * FROM newest_denial
    UNION ALL
    SELECT earlier.*
    FROM previous_newest_denial AS earlier
    JOIN deciding ON deciding.patient = earlier.human
    WHERE deciding.since IS NOT NULL
) AS spoken
GROUP BY human, word, scope, fields, mask
