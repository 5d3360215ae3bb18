-- The front desk's own list: people who said it at the counter.
-- Returns: patient_id, reason, channel, since (all text)
-- Reads:   demo_draw
-- Takes:   $today
SELECT
    patient_id,
    'do_not_contact' AS reason,
    '*' AS channel,
    strftime(
        CAST($today AS DATE) - CAST(1 + d_moment % 900 AS INTEGER), '%Y-%m-%dT00:00:00Z'
    ) AS since
FROM demo_draw
WHERE d_list BETWEEN 70 AND 73
ORDER BY i
