-- The number of the next consent event.
-- Returns: next
-- Reads:   consent
SELECT coalesce(max(event) + 1, 0) AS next FROM consent
