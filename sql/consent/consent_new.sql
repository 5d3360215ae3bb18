-- The new events of those who are being decided.
-- Returns: what decisions read of consent
-- Reads:   consent, deciding
-- Takes:   $since (the first event that the state before does not know)
SELECT
    event,
    patient,
    purpose,
    channel,
    topic,
    category,
    state,
    method,
    expressed_by,
    notice_version,
    evidenced,
    effective_at,
    recorded_at,
    confirmed_at,
    valid_until,
    dates
FROM consent
WHERE event >= $since AND patient IN (SELECT deciding.patient FROM deciding)
