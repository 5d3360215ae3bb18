-- The entries of a list without any identifier: its keyed hash instead.
-- Returns: kind, hash, probe, channel, purpose, topic, reason, since, until, source, event. Reads: list_entry_read, list_hash.
SELECT e.kind, h.hash, h.probe, e.channel, e.purpose, e.topic, e.reason, e.since, e.until, e.source, e.event
FROM list_entry_read AS e
JOIN list_hash AS h ON h.item = e.item
