-- Denials, and rows that may be one (C6, C10), each on the widest scope it might mean, one row for
-- each mask word.
-- Returns: event, human BIGINT (the linked group's smallest patient, else the patient itself: C13),
--          word, scope BIGINT (code of the four scope fields), fields BIGINT (which of them are not
--          '*'), mask BIGINT, lifted_after, quarantined, reason, heard BOOLEAN (it speaks at the
--          clocks), due_at (when that changes, NULL never)
-- Reads:   denial_dated, link_group, purpose_scope, channel_scope, topic_scope, category_scope
-- Takes:   $as_of, $known_at
SELECT
    event.event,
    coalesce(link.grp, event.patient) AS human,
    purpose.word,
    purpose.code | channel.code | topic.code | category.code AS scope,
    purpose.field | channel.field | topic.field | category.field AS fields,
    purpose.denies & channel.denies & topic.denies & category.denies AS mask,
    event.lifted_after,
    event.quarantined,
    event.reason,
    (event.quarantined OR event.effective_at <= $as_of)
    AND (event.recorded_at IS NULL OR event.recorded_at <= $known_at) AS heard,
    least(
        CASE
            WHEN NOT event.quarantined AND event.effective_at > $as_of THEN event.effective_at
        END,
        CASE WHEN event.recorded_at > $known_at THEN event.recorded_at END
    ) AS due_at
FROM denial_dated AS event
LEFT JOIN link_group AS link ON link.patient = event.patient
JOIN purpose_scope AS purpose ON purpose.code = event.purpose
JOIN channel_scope AS channel ON channel.code = event.channel AND channel.word = purpose.word
JOIN topic_scope AS topic ON topic.code = event.topic AND topic.word = purpose.word
JOIN category_scope AS category
    ON category.code = event.category AND category.word = purpose.word
WHERE (purpose.denies & channel.denies & topic.denies & category.denies) <> 0
