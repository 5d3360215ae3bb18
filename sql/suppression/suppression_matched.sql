-- Every entry that names a patient, lifted ones too, beside each it names: the snapshot's, matched
-- when it was made, and what came later.
-- Returns: patient, and the entry: kind, hash, probe, channel, purpose, topic, reason, since,
--          until, source, event
-- Reads:   suppression_listed, suppression_later
SELECT patient, kind, hash, probe, channel, purpose, topic, reason, since, until, source, event
FROM suppression_listed
UNION ALL
SELECT patient, kind, hash, probe, channel, purpose, topic, reason, since, until, source, event
FROM suppression_later
