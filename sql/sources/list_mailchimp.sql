-- Mailchimp's export: a time of unsubscribing or of cleaning adds an entry; any other row adds nothing.
-- Returns: raw_row, raw_origin, raw_line, kind, value, channel, purpose, topic, reason, since, until, event. Reads: raw_list.
SELECT
  raw_row, raw_origin, raw_line, 'email' AS kind, "Email Address" AS value, '' AS channel, '' AS purpose, '' AS topic,
  CASE WHEN concat("UNSUB_TIME", "UNSUB_TIME again") <> '' THEN 'unsubscribed' ELSE 'hard_bounce' END AS reason,
  coalesce(nullif("UNSUB_TIME", ''), nullif("UNSUB_TIME again", ''), nullif("CLEAN_TIME", ''), "CLEAN_TIME again") AS since,
  '' AS until, '' AS event
FROM raw_list
WHERE concat("UNSUB_TIME", "UNSUB_TIME again", "CLEAN_TIME", "CLEAN_TIME again") <> ''
