-- Entries that name anybody at all: of long lists, nearly none do. Numbers are compared here, kinds later.
-- Returns: kind, probe, channel, purpose, topic, reason, since, until, event
-- Reads:   suppression_entry, address_listed(probe)
SELECT e.kind, e.probe, e.channel, e.purpose, e.topic, e.reason, e.since, e.until, e.event
FROM suppression_entry AS e
LEFT SEMI JOIN address_listed AS a ON e.probe = a.probe
