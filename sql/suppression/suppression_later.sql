-- Entries that the snapshot does not hold, of imported lists and live opt-outs, beside each patient
-- they name.
-- Returns: patient, and the entry: kind, hash, probe, channel, purpose, topic, reason, since,
--          until, source, event
-- Reads:   suppression_imported, suppression_live, address
SELECT
    a.patient, e.kind, e.hash, e.probe, e.channel, e.purpose, e.topic, e.reason, e.since, e.until,
    e.source, e.event
FROM (
    SELECT kind, hash, probe, channel, purpose, topic, reason, since, until, source, event
    FROM suppression_imported
    UNION ALL
    SELECT kind, hash, probe, channel, purpose, topic, reason, since, until, source, event
    FROM suppression_live
) AS e
JOIN address AS a ON e.probe = a.probe AND e.kind = a.kind
