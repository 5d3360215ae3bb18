-- Consent rows in quarantine: no patient (I1), or malformed (C10).
-- Returns: source, origin, line, rule, reason, content
-- Reads:   raw_consent, consent_malformed
-- Takes:   $first_event, __content__
SELECT
    'consent' AS source, r.raw_origin AS origin, r.raw_line AS line, 'I1' AS rule,
    'no patient_id' AS reason, __content__ AS content
FROM raw_consent AS r
WHERE r.patient_id = ''
UNION ALL
SELECT 'consent', r.raw_origin, r.raw_line, 'C10', m.reason, __content__
FROM consent_malformed AS m
JOIN raw_consent AS r ON r.raw_row = m.event - $first_event
