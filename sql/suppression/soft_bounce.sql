-- Soft bounces that cover an export.
-- Returns: kind, probe, since, event
-- Reads:   suppression_covering
SELECT kind, probe, since, event
FROM suppression_covering
WHERE reason = 'soft_bounce'
