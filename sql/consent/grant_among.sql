-- Whether a grant is among the events.
-- Returns: one row, found BOOLEAN
-- Reads:   consent_event
SELECT count(*) > 0 AS found
FROM consent_event
WHERE kind = 'grant'
