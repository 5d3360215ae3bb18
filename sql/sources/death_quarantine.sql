-- Rows of the table of deaths in quarantine: they name nobody (I1).
-- Returns: source, origin, line, rule, reason, content
-- Reads:   raw_death
SELECT
    'death' AS source, raw_origin AS origin, raw_line AS line, 'I1' AS rule,
    'no key' AS reason, died_at AS content
FROM raw_death
WHERE patient_id = ''
