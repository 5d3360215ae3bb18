-- The suppression entries of the new snapshot: the previous one's and the new (S1), each once.
-- Returns: kind, hash, probe, channel, purpose, topic, reason, since, until, source, event. Reads: suppression_before, suppression_new.
SELECT kind, hash, probe, channel, purpose, topic, reason, since, until, source, event FROM suppression_before
UNION
SELECT kind, hash, probe, channel, purpose, topic, reason, since, until, source, event FROM suppression_new
