-- Preference rows with a patient, judged: `reason` says what cannot be read; `scoped` is whether
-- channel and topic are declared (empty is all). An undeclared one is kept with a `?` before it.
-- Returns: raw_row, origin, line, patient_id, the row's fields, rule, reason, content
-- Reads:   raw_preference
-- Takes:   $channels, $topics (lists, `*` and empty among them), $yes, $no, __allowed_given__,
--          __updated_given__, __updated_at__, __updated_later__ (as `instant`, `instant_later`
--          read)
SELECT
    *,
    CASE
        WHEN patient_id = '' THEN 'no patient_id'
        WHEN allowed_read IS NULL THEN 'allowed is unreadable'
        WHEN NOT number_read THEN 'max_contacts or per_days is not a number'
        WHEN updated_given AND updated_read IS NULL THEN 'updated_at is unreadable'
        WHEN NOT channel_declared THEN 'undeclared channel'
        WHEN NOT topic_declared THEN 'undeclared topic'
    END AS reason
FROM (
    SELECT
        raw_row, raw_origin, raw_line, patient_id,
        list_contains($channels, channel) AS channel_declared,
        list_contains($topics, topic) AS topic_declared,
        CASE
            WHEN NOT list_contains($channels, channel) THEN '?' || channel
            WHEN channel = '' THEN '*'
            ELSE channel
        END AS channel,
        CASE
            WHEN NOT list_contains($topics, topic) THEN '?' || topic
            WHEN topic = '' THEN '*'
            ELSE topic
        END AS topic,
        CASE
            WHEN list_contains($yes, lower(trim(allowed))) THEN TRUE
            WHEN list_contains($no, lower(trim(allowed))) THEN FALSE
            WHEN NOT __allowed_given__ THEN TRUE
        END AS allowed_read,
        (
            max_contacts = ''
            OR regexp_full_match(max_contacts, '[0-9]{1,9}')
            AND regexp_full_match(per_days, '0*[1-9][0-9]{0,8}')
        )
        AND (per_days = '' OR regexp_full_match(per_days, '[0-9]{1,9}')) AS number_read,
        try_cast(max_contacts AS INTEGER) AS max_contacts,
        try_cast(per_days AS INTEGER) AS per_days,
        nullif(language, '') AS language,
        __updated_given__ AS updated_given,
        __updated_at__ AS updated_read,
        __updated_later__ AS updated_later,
        concat_ws(
            ', ', patient_id, channel, topic, allowed, max_contacts, per_days, language, updated_at
        ) AS content
    FROM raw_preference
) AS row_read
