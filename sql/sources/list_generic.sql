-- One's own list: one entry for each identifier of a row; a row without any names nobody, and comes
-- as an email without a value. With a status ($standing), only a row whose word says so is an
-- entry; a word that is not known is told of. `among` has the kinds of contact that the file has a
-- column for, if the row gives a single one.
-- Returns: origin, line, kind, value, channel, own, among, purpose, topic, reason, since, until,
--          event, told
-- Reads:   raw_list, list_kind, list_word
-- Takes:   $standing (whether there is a status), $unread (what is told), $contacts, $slots (the
--          identifiers that the file has a column for)
SELECT
    raw_origin AS origin, raw_line AS line, kind, value, channel, FALSE AS own,
    CASE WHEN contacts = 1 AND others = '' THEN $contacts ELSE '' END AS among,
    purpose, topic,
    CASE
        WHEN given IN (
            'unsubscribed', 'complained', 'hard_bounce', 'soft_bounce', 'invalid', 'do_not_contact',
            'deceased', 'erased'
        )
            THEN given
        WHEN $standing AND stands <> '' THEN stands
        ELSE 'manual'
    END AS reason,
    since, until, event_id AS event,
    CASE WHEN $standing AND stands IS NULL THEN $unread ELSE '' END AS told
FROM (
    SELECT
        r.raw_origin, r.raw_line, k.slot, k.kind, r.channel, r.purpose, r.topic,
        lower(trim(r.reason)) AS given, r.since, r.until, r.event_id,
        w.reason AS stands,
        CASE k.slot
            WHEN 'email' THEN r.email WHEN 'phone' THEN r.phone WHEN 'mobile' THEN r.mobile
            WHEN 'patient_id' THEN r.patient_id WHEN 'postal' THEN r.postal ELSE r.domain
        END AS value,
        CASE WHEN r.email = '' THEN 0 ELSE 1 END
        + CASE WHEN r.phone = '' THEN 0 ELSE 1 END
        + CASE WHEN r.postal = '' THEN 0 ELSE 1 END AS contacts,
        concat(r.patient_id, r.domain) AS others,
        concat(r.email, r.phone, r.mobile, r.patient_id, r.postal, r.domain) = '' AS nobody
    FROM raw_list AS r
    CROSS JOIN (SELECT slot, kind FROM list_kind WHERE list_contains($slots, slot)) AS k
    LEFT JOIN list_word AS w ON w.word = lower(trim(r.status))
) AS identifier
WHERE
    (value <> '' OR (nobody AND slot = 'email'))
    AND (NOT $standing OR stands IS NULL OR stands <> '')
