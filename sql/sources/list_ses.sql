-- Amazon SES's bulk file.
-- Returns: raw_row, raw_origin, raw_line, kind, value, channel, purpose, topic, reason, since, until, event. Reads: raw_list.
SELECT
  raw_row, raw_origin, raw_line, 'email' AS kind, address AS value, '' AS channel, '' AS purpose, '' AS topic,
  CASE upper(trim(why)) WHEN 'BOUNCE' THEN 'hard_bounce' WHEN 'COMPLAINT' THEN 'complained' ELSE 'manual' END AS reason,
  '' AS since, '' AS until, '' AS event
FROM raw_list
