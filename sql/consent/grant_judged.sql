-- Every readable grant, one row for each mask word that it speaks about, with each rule that it
-- fails (C2 to C5, C11).
-- Returns: event, patient, word, scope BIGINT (code of the four scope fields), notice (its place),
--          effective_at, recorded_at, confirmed_at, ends_at (C3), covers BIGINT (questions),
--          explicit BIGINT (those of them that it names as C5 asks), unconfirmed BIGINT (those of
--          them that need a confirmation and have none yet: C4), unproven, stale_notice (C2),
--          expired (C3), not_joint (below 15 and not joint: C11) BOOLEAN
-- Reads:   method_proof, under_joint_age, consent_event, purpose_scope, channel_scope, topic_scope,
--          category_scope, notice_order
-- Takes:   $as_of, $known_at
SELECT
    event.event,
    event.patient,
    purpose.word,
    purpose.code | channel.code | topic.code | category.code AS scope,
    notice.place AS notice,
    event.effective_at,
    event.recorded_at,
    event.confirmed_at,
    least(
        event.effective_at + purpose.max_age_days * INTERVAL 1 DAY,
        event.valid_until
    ) AS ends_at,
    purpose.gives & channel.gives & topic.gives & category.denies AS covers,
    purpose.gives & channel.gives & topic.gives & category.gives AS explicit,
    CASE
        WHEN event.confirmed_at <= $as_of AND event.confirmed_at <= $known_at THEN 0
        ELSE purpose.confirm & purpose.gives & channel.gives & topic.gives & category.denies
    END AS unconfirmed,
    NOT event.evidenced OR event.method NOT IN (SELECT method FROM method_proof) AS unproven,
    notice.place IS NULL OR notice.place < purpose.least_notice AS stale_notice,
    event.effective_at + purpose.max_age_days * INTERVAL 1 DAY <= $as_of
    OR coalesce(event.valid_until <= $as_of, FALSE) AS expired,
    event.expressed_by <> 'joint'
    AND event.patient IN (SELECT patient FROM under_joint_age) AS not_joint
FROM consent_event AS event
JOIN purpose_scope AS purpose ON purpose.name = event.purpose
JOIN channel_scope AS channel ON channel.name = event.channel AND channel.word = purpose.word
JOIN topic_scope AS topic ON topic.name = event.topic AND topic.word = purpose.word
JOIN category_scope AS category
    ON category.name = event.category AND category.word = purpose.word
LEFT JOIN notice_order AS notice ON notice.notice = event.notice_version
WHERE
    event.kind = 'grant'
    AND NOT event.unreadable
    AND (purpose.gives & channel.gives & topic.gives & category.denies) <> 0
