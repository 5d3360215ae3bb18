-- What some patients asked for on the clinic's site: not this channel, not this topic, not so
-- often.
-- Returns: patient_id, channel, topic, allowed, max_contacts, per_days, language, updated_at (all
--          text)
-- Reads:   demo_draw
-- Takes:   $today
SELECT
    patient_id,
    CASE WHEN d_list % 3 = 0 THEN 'email' WHEN d_list % 3 = 1 THEN 'sms' ELSE '*' END AS channel,
    CASE WHEN d_list % 2 = 0 THEN '*' ELSE 'newsletter' END AS topic,
    CASE WHEN d_list < 325 THEN 'false' ELSE 'true' END AS allowed,
    CASE WHEN d_list < 325 THEN '' ELSE '1' END AS max_contacts,
    CASE WHEN d_list < 325 THEN '' ELSE '30' END AS per_days,
    '' AS language,
    strftime(
        CAST($today AS DATE) - CAST(5 + d_moment % 300 AS INTEGER), '%Y-%m-%dT09:00:00Z'
    ) AS updated_at
FROM demo_draw
WHERE d_list BETWEEN 300 AND 349
ORDER BY i
