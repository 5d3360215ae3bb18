-- Every grant that holds and is known at the clocks, with what it covers and each rule that it
-- fails. For one human; `why` reads it.
-- Returns: event, patient, word, scope, given_at, mask BIGINT (what it covers), unconfirmed,
--          not_explicit BIGINT (the parts of it that fail C4 and C5), unproven, stale_notice (C2),
--          expired (C3), not_joint (C11) BOOLEAN
-- Reads:   under_joint_age, consent, purpose_scope, channel_scope, topic_scope, category_scope,
--          notice_order
-- Takes:   $as_of, $known_at
SELECT
    event.event,
    event.patient,
    purpose.word,
    purpose.code | channel.code | topic.code | category.code AS scope,
    event.effective_at AS given_at,
    purpose.gives & channel.gives & topic.gives & category.denies AS mask,
    CASE
        WHEN event.confirmed_at <= $as_of AND event.confirmed_at <= $known_at THEN 0
        ELSE purpose.confirm & purpose.gives & channel.gives & topic.gives & category.denies
    END AS unconfirmed,
    purpose.gives & channel.gives & topic.gives & category.denies & ~category.gives AS not_explicit,
    NOT event.evidenced
    OR event.method NOT IN (
        'web_form', 'app', 'paper', 'phone_recorded', 'in_person', 'chatbot', 'voicebot',
        'sms_keyword'
    ) AS unproven,
    notice.place IS NULL OR notice.place < purpose.least_notice AS stale_notice,
    event.effective_at + purpose.max_age_days * INTERVAL 1 DAY <= $as_of
    OR coalesce(event.valid_until <= $as_of, FALSE) AS expired,
    event.expressed_by <> 'joint'
    AND event.patient IN (SELECT patient FROM under_joint_age) AS not_joint
FROM consent AS event
JOIN purpose_scope AS purpose ON purpose.name = event.purpose
JOIN channel_scope AS channel ON channel.name = event.channel AND channel.word = purpose.word
JOIN topic_scope AS topic ON topic.name = event.topic AND topic.word = purpose.word
JOIN category_scope AS category ON category.name = event.category AND category.word = purpose.word
LEFT JOIN notice_order AS notice ON notice.notice = event.notice_version
WHERE
    event.state IN ('given', 'renewed')
    AND (event.dates & 15) = 0
    AND event.effective_at <= $as_of
    AND event.recorded_at <= $known_at
    AND (purpose.gives & channel.gives & topic.gives & category.denies) <> 0
