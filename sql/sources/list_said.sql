-- What one column of a sender's table says: an entry for each identifier of a row whose word has a
-- reason. A row that names nobody comes as an email without a value. A word that is not known has
-- the reason $other, and is told of unless the column is free text.
-- Returns: origin, line, kind, value, channel, own, among, purpose, topic, reason, since, until,
--          event, told
-- Reads:   raw_list, list_kind, list_word
-- Takes:   $other, $free, $channel (the sender's own, or ''), $topic, $unread (what is told),
--          $slots (the identifiers that the file has a column for)
SELECT
    raw_origin AS origin, raw_line AS line, kind, value, $channel AS channel,
    $channel NOT IN ('', '*') AS own, '' AS among, '' AS purpose, $topic AS topic, reason,
    CASE
        WHEN regexp_full_match(since, '[0-9]{1,11}')
            THEN strftime(make_timestamp(CAST(since AS BIGINT) * 1000000), '%Y-%m-%dT%H:%M:%SZ')
        ELSE since
    END AS since,
    '' AS until, '' AS event,
    CASE WHEN known OR $free THEN '' ELSE $unread END AS told
FROM (
    SELECT
        r.raw_origin, r.raw_line, k.slot, k.kind, r.since,
        CASE k.slot
            WHEN 'email' THEN r.email WHEN 'phone' THEN r.phone WHEN 'mobile' THEN r.mobile
            WHEN 'patient_id' THEN r.patient_id WHEN 'postal' THEN r.postal ELSE r.domain
        END AS value,
        concat(r.email, r.phone, r.mobile, r.patient_id, r.postal, r.domain) = '' AS nobody,
        w.word IS NOT NULL AS known,
        coalesce(w.reason, $other) AS reason
    FROM raw_list AS r
    CROSS JOIN (SELECT slot, kind FROM list_kind WHERE list_contains($slots, slot)) AS k
    LEFT JOIN list_word AS w ON w.word = lower(trim(r.said))
) AS spoken
WHERE reason <> '' AND (value <> '' OR (nobody AND slot = 'email'))
