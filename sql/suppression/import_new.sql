-- Entries of an imported list that were never made before (S6): a lifted one stays lifted when its
-- file is read again.
-- Returns: kind, hash, probe, channel, purpose, topic, reason, since, until, source, event
-- Reads:   suppression_incoming (of the same columns), suppression_known
SELECT DISTINCT
    fresh.kind, fresh.hash, fresh.probe, fresh.channel, fresh.purpose, fresh.topic, fresh.reason,
    fresh.since, fresh.until, fresh.source,
    fresh.event
FROM suppression_incoming AS fresh
LEFT ANTI JOIN suppression_known AS known
    ON
        fresh.probe = known.probe
        AND fresh.kind = known.kind
        AND fresh.hash = known.hash
        AND fresh.channel = known.channel
        AND fresh.purpose = known.purpose
        AND fresh.topic = known.topic
        AND fresh.reason = known.reason
        AND fresh.since IS NOT DISTINCT FROM known.since
        AND fresh.until IS NOT DISTINCT FROM known.until
        AND fresh.source IS NOT DISTINCT FROM known.source
        AND fresh.event IS NOT DISTINCT FROM known.event
