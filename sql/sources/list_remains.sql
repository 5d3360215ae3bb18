-- What broken lines of a list still name, counted from either end: each may be an opt-out, so an
-- identifier that can be told is listed (S1).
-- Returns: origin, line, kind, value, channel, own, among, purpose, topic, reason, since, until,
--          event, told
-- Reads:   broken_line, list_kind
-- Takes:   $channel ('*' if the list tells channels apart, else '': the source's)
SELECT DISTINCT
    origin, line, kind, value, $channel AS channel, FALSE AS own, '' AS among, '' AS purpose,
    '' AS topic, 'manual' AS reason, '' AS since, '' AS until, '' AS event,
    '' AS told
FROM (
    SELECT
        b.origin, b.line, k.kind,
        CASE k.slot
            WHEN 'email' THEN b.email WHEN 'phone' THEN b.phone WHEN 'mobile' THEN b.mobile
            WHEN 'patient_id' THEN b.patient_id WHEN 'postal' THEN b.postal ELSE b.domain
        END AS value
    FROM broken_line AS b
    CROSS JOIN list_kind AS k
) AS named
WHERE
    regexp_matches(value, '[\p{L}\p{N}]')
    AND (kind <> 'email' OR contains(value, '@'))
    AND (
        kind <> 'phone'
        OR (
            regexp_matches(value, '^[+(]?[0-9]([^0-9]?[0-9]){5,}')
            AND NOT regexp_matches(value, '^[0-9]{4}-[0-9]{2}-[0-9]{2}')
        )
    )
