-- The suppression list of a snapshot with the tombstones of the erased (S8).
-- Returns: kind, hash, probe, channel, purpose, topic, reason, since, until, source, event
-- Reads:   erase_source, tombstone (of the same columns)
SELECT kind, hash, probe, channel, purpose, topic, reason, since, until, source, event
FROM erase_source
UNION
SELECT kind, hash, probe, channel, purpose, topic, reason, since, until, source, event
FROM tombstone
