-- Entries that name an address as it was exported, whoever has it now.
-- Returns: kind, probe, channel, purpose, topic, reason, since, until, event
-- Reads:   suppression_entry, recall_member(address)
SELECT e.kind, e.probe, e.channel, e.purpose, e.topic, e.reason, e.since, e.until, e.event
FROM suppression_entry AS e
LEFT SEMI JOIN recall_member AS m ON e.probe = m.address
