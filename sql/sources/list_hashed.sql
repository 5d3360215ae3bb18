-- The entries of a list without any identifier: its keyed hash instead. A sender's word for a
-- channel is each of ours that it may mean, and stays as it is if it means none.
-- Returns: kind, hash, probe, channel, purpose, topic, reason, since, until, source, event
-- Reads:   list_entry_read, list_hash, list_channel
SELECT
    e.kind, h.hash, h.probe, coalesce(c.channel, e.channel) AS channel, e.purpose, e.topic,
    e.reason, e.since, e.until, e.source, e.event
FROM list_entry_read AS e
JOIN list_hash AS h ON h.item = e.item
LEFT JOIN list_channel AS c ON e.own AND c.word = e.channel
