-- The moment that a grant must be later than to lift any of these denials (C7).
-- Returns: one row, lifted_after (NULL if none of them speaks)
-- Reads:   newest_denial
SELECT min(lifted_after) AS lifted_after
FROM newest_denial
