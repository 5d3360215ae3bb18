-- HubSpot's opt-outs: every row of a file of addresses alone, else the rows whose flag is set.
-- Returns: raw_row, raw_origin, raw_line, kind, value, channel, purpose, topic, reason, since, until, event. Reads: raw_list.
SELECT
  raw_row, raw_origin, raw_line, 'email' AS kind, "Email" AS value, '' AS channel, '' AS purpose, '' AS topic,
  CASE WHEN every <> '' OR lower(trim("Portal Unsubscribe")) NOT IN ('', 'false', 'no', '0') THEN 'unsubscribed' ELSE 'hard_bounce' END AS reason,
  '' AS since, '' AS until, '' AS event
FROM raw_list
WHERE every <> '' OR lower(trim("Portal Unsubscribe")) NOT IN ('', 'false', 'no', '0') OR lower(trim("Global Bounce")) NOT IN ('', 'false', 'no', '0')
