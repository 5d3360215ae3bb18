-- Grants that are proven and alive, one row for each mask word they speak about (C2, C3, C5; C4
-- takes bits away; a joint grant below 15: C11).
-- Returns: patient, word, scope BIGINT (code of the four scope fields), given_at, notice (its
--          place), mask BIGINT (0 where the grant does not yet hold or is not yet known), due_at
--          (the next moment at which this row changes, NULL never)
-- Reads:   consent, purpose_scope, channel_scope, topic_scope, category_scope, notice_order,
--          under_joint_age
-- Takes:   $as_of, $known_at
SELECT
    event.patient,
    purpose.word,
    purpose.code | channel.code | topic.code | category.code AS scope,
    event.effective_at AS given_at,
    notice.place AS notice,
    CASE
        WHEN event.effective_at > $as_of OR event.recorded_at > $known_at THEN 0
        WHEN event.confirmed_at <= $as_of AND event.confirmed_at <= $known_at
            THEN purpose.gives & channel.gives & topic.gives & category.gives
        ELSE purpose.gives & channel.gives & topic.gives & category.gives & ~purpose.confirm
    END AS mask,
    least(
        CASE WHEN event.effective_at > $as_of THEN event.effective_at END,
        CASE WHEN event.recorded_at > $known_at THEN event.recorded_at END,
        CASE
            WHEN event.confirmed_at > $as_of OR event.confirmed_at > $known_at
                THEN event.confirmed_at
        END,
        event.effective_at + purpose.max_age_days * INTERVAL 1 DAY,
        event.valid_until
    ) AS due_at
FROM consent AS event
JOIN purpose_scope AS purpose ON purpose.name = event.purpose
JOIN channel_scope AS channel ON channel.name = event.channel AND channel.word = purpose.word
JOIN topic_scope AS topic ON topic.name = event.topic AND topic.word = purpose.word
JOIN category_scope AS category ON category.name = event.category AND category.word = purpose.word
JOIN notice_order AS notice
    ON notice.notice = event.notice_version AND notice.place >= purpose.least_notice
WHERE
    event.state IN ('given', 'renewed')
    AND (event.dates & 15) = 0
    AND event.method IN (
        'web_form', 'app', 'paper', 'phone_recorded', 'in_person', 'chatbot', 'voicebot',
        'sms_keyword'
    )
    AND event.evidenced
    AND event.effective_at + purpose.max_age_days * INTERVAL 1 DAY > $as_of
    AND (event.valid_until IS NULL OR event.valid_until > $as_of)
    AND (purpose.gives & channel.gives & topic.gives & category.gives) <> 0
    AND (event.expressed_by = 'joint' OR event.patient NOT IN (SELECT patient FROM under_joint_age))
