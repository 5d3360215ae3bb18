-- Entries of the snapshot's lists beside each patient they name (by number and kind; a chance match
-- of 60 bits names too). Of long lists, nearly none name anybody: what remains is what exports ask.
-- Returns: patient, and the entry: kind, hash, probe, channel, purpose, topic, reason, since,
--          until, source, event
-- Reads:   suppression, address
SELECT
    a.patient, e.kind, e.hash, e.probe, e.channel, e.purpose, e.topic, e.reason, e.since, e.until,
    e.source, e.event
FROM suppression AS e
JOIN address AS a ON e.probe = a.probe AND e.kind = a.kind
