-- Rows of a fact table in quarantine: no patient (I1), or a number that is none (I3).
-- Returns: source, origin, line, rule, reason, content
-- Reads:   raw_fact
-- Takes:   $source, __unreadable__, __reason__, __content__
SELECT
    $source AS source,
    r.raw_origin AS origin,
    r.raw_line AS line,
    CASE WHEN r.raw_patient = '' THEN 'I1' ELSE 'I3' END AS rule,
    CASE WHEN r.raw_patient = '' THEN 'no key' ELSE __reason__ END AS reason,
    __content__ AS content
FROM raw_fact AS r
WHERE r.raw_patient = '' OR __unreadable__
