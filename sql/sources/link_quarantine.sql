-- Link rows in quarantine: one of the two ids is missing (I1).
-- Returns: source, origin, line, rule, reason, content
-- Reads:   raw_link
SELECT
    'link' AS source, raw_origin AS origin, raw_line AS line, 'I1' AS rule,
    'an id is missing' AS reason, concat_ws(', ', patient_id, same_as) AS content
FROM raw_link
WHERE patient_id = '' OR same_as = ''
