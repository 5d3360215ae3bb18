-- Every consent event that is known of: those of the newest snapshot, and those of an earlier one
-- that it holds no more. Each follows its own recorded_at.
-- Returns: consent's columns (event is below 0 for what only the earlier one holds)
-- Reads:   newest_consent, consent (of the earlier snapshot)
SELECT
    event, patient, event_id, source, purpose, channel, topic, category, state, method,
    expressed_by, notice_version, evidence, evidenced, effective_at, recorded_at, confirmed_at,
    valid_until, dates, origin, line
FROM newest_consent
UNION ALL
SELECT
    -1 - e.event AS event, e.patient, e.event_id, e.source, e.purpose, e.channel, e.topic,
    e.category, e.state, e.method, e.expressed_by, e.notice_version, e.evidence, e.evidenced,
    e.effective_at, e.recorded_at, e.confirmed_at, e.valid_until, e.dates, e.origin, e.line
FROM consent AS e
LEFT ANTI JOIN newest_consent AS n
    ON
        n.patient = e.patient AND n.event_id = e.event_id AND n.source = e.source
        AND n.state = e.state AND n.purpose = e.purpose AND n.channel = e.channel
        AND n.topic = e.topic AND n.category = e.category AND n.method = e.method
        AND n.expressed_by = e.expressed_by AND n.notice_version = e.notice_version
        AND n.evidence = e.evidence AND n.dates = e.dates
        AND coalesce(n.effective_at, TIMESTAMP '0001-01-01 00:00:00')
        = coalesce(e.effective_at, TIMESTAMP '0001-01-01 00:00:00')
        AND coalesce(n.recorded_at, TIMESTAMP '0001-01-01 00:00:00')
        = coalesce(e.recorded_at, TIMESTAMP '0001-01-01 00:00:00')
        AND coalesce(n.confirmed_at, TIMESTAMP '0001-01-01 00:00:00')
        = coalesce(e.confirmed_at, TIMESTAMP '0001-01-01 00:00:00')
        AND coalesce(n.valid_until, TIMESTAMP '0001-01-01 00:00:00')
        = coalesce(e.valid_until, TIMESTAMP '0001-01-01 00:00:00')
