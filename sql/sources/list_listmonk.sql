-- listmonk's subscribers: the blocklisted unsubscribed, whoever is disabled (or in a state we do not know) closed by hand.
-- Returns: raw_row, raw_origin, raw_line, kind, value, channel, purpose, topic, reason, since, until, event. Reads: raw_list.
SELECT
  raw_row, raw_origin, raw_line, 'email' AS kind, email AS value, '' AS channel, '' AS purpose, '' AS topic,
  CASE WHEN lower(trim(status)) = 'blocklisted' THEN 'unsubscribed' ELSE 'manual' END AS reason,
  updated_at AS since, '' AS until, '' AS event
FROM raw_list
WHERE lower(trim(status)) <> 'enabled'
