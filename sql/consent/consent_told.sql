-- The new events of the touched.
-- Returns: what decisions read of consent
-- Reads:   consent, touched
-- Takes:   $since (the first event that the state before does not know)
SELECT
    event, patient, purpose, channel, topic, category, state, method, expressed_by, notice_version,
    evidenced,
    effective_at, recorded_at, confirmed_at, valid_until, dates
FROM consent
WHERE event >= $since AND patient IN (SELECT touched.patient FROM touched)
