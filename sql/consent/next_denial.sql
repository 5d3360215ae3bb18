-- When a denial next begins to speak about a human.
-- Returns: human, due_at
-- Reads:   newest_denial
SELECT
    human,
    min(due_at) AS due_at
FROM newest_denial
WHERE due_at IS NOT NULL
GROUP BY human
