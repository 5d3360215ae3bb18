-- The quarantine as the officer opens it, in the order of the sources.
-- Returns: source, file, line, rule, reason, content
-- Reads:   quarantine
SELECT
    source,
    origin AS file,
    line,
    rule,
    reason,
    content
FROM quarantine
ORDER BY source, origin, line
