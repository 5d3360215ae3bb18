-- Entries as they were written, brought to what the policy declares: an empty scope is the source's
-- default, an undeclared one all (S1); a sender's own word for a channel is kept; a row whose only
-- contact the default does not use holds for all. An unreadable end is no end, of two readings of a
-- local time it is the later one, and `since` never delays an entry.
-- Returns: item, kind, value, channel, own, purpose, topic, reason, since, until, source, event,
--          origin, line, rule, problem, lost
-- Reads:   list_written
-- Takes:   $first, $after (which rows), $source, $channel (the default), $identifier (what it uses,
--          or ''), $channels, $purposes, $topics, __since__, __until__ (see instant),
--          __until_later__ (see instant_later)
SELECT
    item, kind, value, channel, own, purpose, topic, reason, since_read AS since,
    until_read AS until, $source AS source, nullif(event, '') AS event,
    origin, line,
    CASE WHEN trim(value) = '' THEN 'S5' WHEN NOT until_known THEN 'I4' ELSE 'S1' END AS rule,
    CASE
        WHEN trim(value) = '' THEN 'names nobody'
        WHEN told <> '' THEN told
        WHEN NOT until_known THEN 'until is unreadable: the entry has no end'
        WHEN NOT scope_known THEN 'undeclared channel, purpose or topic: the entry holds for all'
    END AS problem,
    trim(value) = '' OR told <> '' AS lost
FROM (
    SELECT
        rowid AS item, kind, value, own, reason, event, origin, line, told,
        __since__ AS since_read,
        coalesce(__until_later__, __until__) AS until_read,
        until = '' OR __until__ IS NOT NULL AS until_known,
        (own OR list_contains($channels, channel))
        AND list_contains($purposes, purpose)
        AND list_contains($topics, topic) AS scope_known,
        CASE
            WHEN elsewhere THEN '*'
            WHEN channel = '' THEN $channel
            WHEN own OR list_contains($channels, channel) THEN channel
            ELSE '*'
        END AS channel,
        CASE
            WHEN purpose = '' OR NOT list_contains($purposes, purpose) THEN '*'
            ELSE purpose
        END AS purpose,
        CASE WHEN topic = '' OR NOT list_contains($topics, topic) THEN '*' ELSE topic END AS topic
    FROM (
        SELECT
            rowid, *,
            channel = ''
            AND $identifier <> ''
            AND contains(among, $identifier)
            AND kind <> $identifier AS elsewhere
        FROM list_written
    ) AS given
    WHERE rowid >= $first AND rowid < $after
) AS entry_read
