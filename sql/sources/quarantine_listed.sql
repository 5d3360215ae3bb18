-- Quarantined rows, without their content.
-- Returns: source, origin, line, rule, reason
-- Reads:   quarantine
-- Takes:   $most (how many to list)
SELECT source, origin, line, rule, reason
FROM quarantine
ORDER BY source, origin, line, rule LIMIT $most
