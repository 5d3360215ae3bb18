-- Broken lines of preferences whose patient can be told: nobody knows what they allow, so they
-- close everything, for good.
-- Returns: preference_kept's columns
-- Reads:   broken_line, identity
SELECT DISTINCT
    i.patient, '*' AS channel, '*' AS topic, FALSE AS allowed,
    CAST(NULL AS INTEGER) AS max_contacts, CAST(NULL AS INTEGER) AS per_days,
    CAST(NULL AS VARCHAR) AS language,
    CAST(NULL AS TIMESTAMP) AS updated_at, b.line
FROM broken_line AS b
JOIN identity AS i ON i.patient_id = b.patient_id
