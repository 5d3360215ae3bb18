-- The generic list: one entry for each identifier of a row; a row without any names nobody, and comes as an email without a value.
-- Returns: raw_row, raw_origin, raw_line, kind, value, channel, purpose, topic, reason, since, until, event. Reads: raw_list, list_kind.
SELECT
  raw_row, raw_origin, raw_line, kind, value, channel, purpose, topic,
  CASE
    WHEN reason IN ('unsubscribed', 'complained', 'hard_bounce', 'soft_bounce', 'invalid', 'do_not_contact', 'deceased', 'erased') THEN reason
    ELSE 'manual'
  END AS reason,
  since, until, event_id AS event
FROM (
  SELECT
    r.raw_row, r.raw_origin, r.raw_line, k.kind, r.channel, r.purpose, r.topic, lower(trim(r.reason)) AS reason, r.since, r.until, r.event_id,
    CASE k.kind WHEN 'email' THEN r.email WHEN 'phone' THEN r.phone WHEN 'patient_id' THEN r.patient_id WHEN 'postal' THEN r.postal ELSE r.domain END AS value,
    concat(r.email, r.phone, r.patient_id, r.postal, r.domain) = '' AS nobody
  FROM raw_list AS r
  CROSS JOIN list_kind AS k
) AS identifier
WHERE value <> '' OR (nobody AND kind = 'email')
