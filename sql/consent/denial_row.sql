-- Rows of consent that deny: every denial, and every row whose state nobody knows (C6, C10).
-- Returns: event, patient, purpose, channel, topic, category BIGINT (codes; 0 for '*', and for what
--          is undeclared or empty), reason (what it is told as), quarantined BOOLEAN, effective_at,
--          recorded_at, confirmed_at, valid_until (NULL if unreadable), effective_bare,
--          recorded_bare, confirmed_bare, valid_bare, effective_twice, recorded_twice,
--          confirmed_twice, valid_twice BOOLEAN
-- Reads:   consent_event, purpose_scope, channel_scope, topic_scope, category_scope
SELECT
    event.event,
    event.patient,
    coalesce(purpose.code, 0) AS purpose,
    coalesce(channel.code, 0) AS channel,
    coalesce(topic.code, 0) AS topic,
    coalesce(category.code, 0) AS category,
    coalesce(event.reason, 'withdrawn') AS reason,
    event.unreadable
    OR event.kind = 'unknown'
    OR (purpose.name IS NULL AND event.purpose <> '')
    OR (channel.name IS NULL AND event.channel <> '')
    OR (topic.name IS NULL AND event.topic <> '')
    OR (category.name IS NULL AND event.category <> '') AS quarantined,
    event.effective_at,
    event.recorded_at,
    event.confirmed_at,
    event.valid_until,
    event.effective_bare,
    event.recorded_bare,
    event.confirmed_bare,
    event.valid_bare,
    event.effective_twice,
    event.recorded_twice,
    event.confirmed_twice,
    event.valid_twice
FROM consent_event AS event
LEFT JOIN purpose_scope AS purpose ON purpose.name = event.purpose AND purpose.word = 0
LEFT JOIN channel_scope AS channel ON channel.name = event.channel AND channel.word = 0
LEFT JOIN topic_scope AS topic ON topic.name = event.topic AND topic.word = 0
LEFT JOIN category_scope AS category ON category.name = event.category AND category.word = 0
WHERE event.kind IN ('denial', 'unknown')
