-- Entries that name an address as it was exported, whoever has it now, beside whom it was exported
-- for.
-- Returns: patient, kind, probe, channel, purpose, topic, reason, since, until, source, event
-- Reads:   suppression_entry, exported_address(patient, address)
-- Takes:   $identifier
SELECT
    m.patient, e.kind, e.probe, e.channel, e.purpose, e.topic, e.reason, e.since, e.until,
    e.source, e.event
FROM suppression_entry AS e
JOIN exported_address AS m ON e.probe = m.address
WHERE e.kind = $identifier
