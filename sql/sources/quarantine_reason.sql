-- Why rows are in quarantine, by source; the commonest reason of a source first.
-- Returns: source, rule, reason, many, line (of the first)
-- Reads:   quarantine
SELECT source, rule, reason, count(*) AS many, min(line) AS line
FROM quarantine
GROUP BY source, rule, reason
ORDER BY source, many DESC, rule, reason
