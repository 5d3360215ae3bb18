-- The newsletter tool's list of people who unsubscribed, in Mailchimp's layout; addresses as that
-- tool spells them.
-- Returns: the columns of the tool's export
-- Reads:   demo_draw, demo_patient
-- Takes:   $today
SELECT
    lower(trim(p.email)) AS "Email Address",
    p.first_name AS "First Name",
    p.last_name AS "Last Name",
    2 AS "MEMBER_RATING",
    '' AS "OPTIN_TIME",
    strftime(
        CAST($today AS DATE) - CAST(3 + d_moment % 500 AS INTEGER), '%Y-%m-%d 10:11:12'
    ) AS "UNSUB_TIME",
    'Lettre d''information' AS "UNSUB_CAMPAIGN_TITLE",
    'NORMAL' AS "UNSUB_REASON",
    'u' || CAST(i AS VARCHAR) AS "EUID"
FROM demo_draw AS d
JOIN demo_patient AS p ON p.patient_id = d.patient_id
WHERE d_list < 25 AND p.email LIKE '%@%.%'
ORDER BY i
