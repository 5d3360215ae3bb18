-- The kinds of identifier that lists hold.
-- Returns: kind (once)
-- Reads:   suppression_entry
SELECT DISTINCT kind
FROM suppression_entry
