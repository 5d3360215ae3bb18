-- For each human and exact scope the newest denial: what lifts it lifts the older ones too (C7).
-- Returns: human, word, scope, fields, mask, lifted_after (NULL if none of them speaks yet), due_at
--          (when that changes, NULL never)
-- Reads:   denial_event
SELECT
    human,
    word,
    scope,
    fields,
    mask,
    max(lifted_after) FILTER (WHERE heard) AS lifted_after,
    min(due_at) AS due_at
FROM denial_event
GROUP BY human, word, scope, fields, mask
