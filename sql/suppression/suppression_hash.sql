-- All entries that stand, for a processor that holds the key: keyed hashes, never a value.
-- Returns: kind, hash, channel, purpose, topic, reason, since, until
-- Reads:   suppression_entry
SELECT DISTINCT kind, hash, channel, purpose, topic, reason, since, until
FROM suppression_entry
ORDER BY kind, hash, channel, purpose, topic, reason, since, until
