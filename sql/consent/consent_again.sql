-- The events that decide those reached: all of those who are read whole, and the new ones of the others.
-- Returns: what decisions read of consent
-- Reads:   consent, reached
-- Takes:   $since (the first event that the state before does not know)
SELECT
    event, patient, purpose, channel, topic, category, state, method, expressed_by, notice_version, evidenced,
    effective_at, recorded_at, confirmed_at, valid_until, dates
FROM consent
WHERE patient IN (SELECT reached.patient FROM reached WHERE reached.since IS NULL)
UNION ALL
SELECT
    event, patient, purpose, channel, topic, category, state, method, expressed_by, notice_version, evidenced,
    effective_at, recorded_at, confirmed_at, valid_until, dates
FROM consent
WHERE event >= $since AND patient IN (SELECT reached.patient FROM reached WHERE reached.since IS NOT NULL)
