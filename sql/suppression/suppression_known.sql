-- Every entry that was ever made, lifted ones too: lists of the snapshot, imported files, live
-- opt-outs.
-- Returns: kind, hash, probe, channel, purpose, topic, reason, since, until, source, event
-- Reads:   suppression, suppression_imported, suppression_live (all of the same columns)
SELECT kind, hash, probe, channel, purpose, topic, reason, since, until, source, event
FROM suppression
UNION ALL
SELECT kind, hash, probe, channel, purpose, topic, reason, since, until, source, event
FROM suppression_imported
UNION ALL
SELECT kind, hash, probe, channel, purpose, topic, reason, since, until, source, event
FROM suppression_live
