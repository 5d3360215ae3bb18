-- SendGrid's lists: status 4.x is a deferral, any other a hard bounce; without a status an ip tells a spam report, a reason an invalid address.
-- Returns: raw_row, raw_origin, raw_line, kind, value, channel, purpose, topic, reason, since, until, event. Reads: raw_list.
-- Takes: __status__, __ip__, __reason__: whether the file has these columns.
SELECT
  raw_row, raw_origin, raw_line, 'email' AS kind, email AS value, '' AS channel, '' AS purpose, '' AS topic,
  CASE
    WHEN __status__ THEN CASE WHEN starts_with(trim(status), '4') THEN 'soft_bounce' ELSE 'hard_bounce' END
    WHEN __ip__ THEN 'complained'
    WHEN __reason__ THEN 'invalid'
    ELSE 'unsubscribed'
  END AS reason,
  CASE WHEN regexp_full_match(created, '[0-9]{1,11}') THEN strftime(make_timestamp(CAST(created AS BIGINT) * 1000000), '%Y-%m-%dT%H:%M:%SZ') ELSE created END AS since,
  '' AS until, '' AS event
FROM raw_list
