-- Consent events as their source wrote them, for the officer and for access requests.
-- Returns: event, kind ('grant', 'denial', 'silent', 'unknown'), event_id, source, patient_id,
--          purpose, channel, topic, category, state, effective_at, recorded_at, confirmed_at,
--          valid_until, method, expressed_by, notice_version, evidence, origin, line
-- Reads:   consent_event, identity
SELECT
    event.event,
    event.kind,
    event.event_id,
    event.source,
    identity.patient_id,
    event.purpose,
    event.channel,
    event.topic,
    event.category,
    event.state,
    event.effective_at,
    event.recorded_at,
    event.confirmed_at,
    event.valid_until,
    event.method,
    event.expressed_by,
    event.notice_version,
    event.evidence,
    event.origin,
    event.line
FROM consent_event AS event
JOIN identity ON identity.patient = event.patient
