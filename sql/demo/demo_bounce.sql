-- What the mail relay reported, in the layout of Amazon SES events: hard bounces, complaints, and
-- messages that were merely opened.
-- Returns: eventType, bounce, complaint, open, mail (one JSON event a row)
-- Reads:   demo_draw, demo_patient
-- Takes:   $today
SELECT
    CASE
        WHEN d_list < 45 THEN 'Bounce'
        WHEN d_list < 48 THEN 'Complaint'
        ELSE 'Open'
    END AS "eventType",
    CASE WHEN d_list < 45 THEN {
        'bounceType': 'Permanent', 'bounceSubType': 'General',
        'bouncedRecipients': [{ 'emailAddress': address }],
        'timestamp': at_time
    } END AS bounce,
    CASE
        WHEN d_list BETWEEN 45 AND 47
            THEN { 'complainedRecipients': [{ 'emailAddress': address }], 'timestamp': at_time }
    END AS complaint,
    CASE WHEN d_list >= 48 THEN { 'timestamp': at_time } END AS open,
    { 'destination': [address], 'timestamp': at_time } AS mail
FROM (
    SELECT
        d.i, d.d_list, trim(p.email) AS address,
        strftime(
            CAST($today AS DATE) - CAST(2 + d_moment % 60 AS INTEGER), '%Y-%m-%dT08:00:00.000Z'
        ) AS at_time
    FROM demo_draw AS d
    JOIN demo_patient AS p ON p.patient_id = d.patient_id
    WHERE d_list BETWEEN 30 AND 60 AND p.email LIKE '%@%.%'
)
ORDER BY i
