-- Preference rows in quarantine: no patient (I1), number (I3), date (I4), otherwise unreadable
-- (I5).
-- Returns: source, origin, line, rule, reason, content
-- Reads:   preference_read
SELECT
    'preference' AS source, raw_origin AS origin, raw_line AS line,
    CASE
        WHEN patient_id = '' THEN 'I1'
        WHEN starts_with(reason, 'max_contacts') THEN 'I3'
        WHEN starts_with(reason, 'updated_at') THEN 'I4'
        ELSE 'I5'
    END AS rule,
    reason, content
FROM preference_read
WHERE reason IS NOT NULL
