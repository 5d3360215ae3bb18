-- Entries as they were written, brought to what the policy declares: an empty scope is the source's default, an undeclared one all (S1).
-- An unreadable end is no end, and `since` never delays an entry.
-- Returns: item, kind, value, channel, purpose, topic, reason, since, until, source, event, origin, line, rule, problem.
-- Reads: list_written. Takes: $first, $after (which rows), $source, $channel (the default),
-- $channels, $purposes, $topics, $time_zone, __since__, __until__ (see instant).
SELECT
  item, kind, value, channel, purpose, topic, reason, since_read AS since, until_read AS until, $source AS source, nullif(event, '') AS event,
  origin, line,
  CASE WHEN trim(value) = '' THEN 'S5' WHEN NOT until_known THEN 'I4' ELSE 'S1' END AS rule,
  CASE
    WHEN trim(value) = '' THEN 'names nobody'
    WHEN NOT until_known THEN 'until is unreadable: the entry has no end'
    WHEN NOT scope_known THEN 'undeclared channel, purpose or topic: the entry holds for all'
  END AS problem
FROM (
  SELECT
    rowid AS item, kind, value, reason, event, origin, line,
    __since__ AS since_read,
    __until__ AS until_read,
    until = '' OR __until__ IS NOT NULL AS until_known,
    list_contains($channels, channel) AND list_contains($purposes, purpose) AND list_contains($topics, topic) AS scope_known,
    CASE WHEN channel = '' THEN $channel WHEN list_contains($channels, channel) THEN channel ELSE '*' END AS channel,
    CASE WHEN purpose = '' OR NOT list_contains($purposes, purpose) THEN '*' ELSE purpose END AS purpose,
    CASE WHEN topic = '' OR NOT list_contains($topics, topic) THEN '*' ELSE topic END AS topic
  FROM list_written
  WHERE rowid >= $first AND rowid < $after
) AS entry_read
