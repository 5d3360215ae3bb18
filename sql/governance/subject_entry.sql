-- The entries of the suppression list that name a person, by any identifier.
-- Returns: kind, channel, purpose, topic, reason, since, until, source
-- Reads:   suppression_entry, address, subject_patient
SELECT DISTINCT e.kind, e.channel, e.purpose, e.topic, e.reason, e.since, e.until, e.source
FROM suppression_entry AS e
JOIN address AS a ON e.probe = a.probe AND e.kind = a.kind AND e.hash = a.hash
LEFT SEMI JOIN subject_patient AS p ON a.patient = p.patient
ORDER BY e.kind, e.channel, e.purpose, e.topic, e.reason, e.since
