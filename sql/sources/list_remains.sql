-- What broken lines of the generic list still name: every row of one is an opt-out, so an identifier that can be told is listed for all (S1).
-- Returns: origin, line, kind, value, channel, purpose, topic, reason, since, until, event. Reads: broken_line, list_kind.
SELECT DISTINCT origin, line, kind, value, '' AS channel, '' AS purpose, '' AS topic, 'manual' AS reason, '' AS since, '' AS until, '' AS event
FROM (
  SELECT
    b.origin, b.line, k.kind,
    CASE k.kind WHEN 'email' THEN b.email WHEN 'phone' THEN b.phone WHEN 'patient_id' THEN b.patient_id WHEN 'postal' THEN b.postal ELSE b.domain END AS value
  FROM broken_line AS b
  CROSS JOIN list_kind AS k
) AS named
WHERE regexp_matches(value, '[\p{L}\p{N}]') AND (kind <> 'email' OR contains(value, '@'))
