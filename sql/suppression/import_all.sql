-- What the file of imported lists holds after an import.
-- Returns: kind, hash, probe, channel, purpose, topic, reason, since, until, source, event
-- Reads:   suppression_imported, import_new
SELECT kind, hash, probe, channel, purpose, topic, reason, since, until, source, event
FROM suppression_imported
UNION ALL
SELECT kind, hash, probe, channel, purpose, topic, reason, since, until, source, event
FROM import_new
