-- Every entry that stands: the lists of the snapshot, imported files and live opt-outs, without those an officer lifted (S1).
-- Returns: kind, hash, probe, channel, purpose, topic, reason, since, until, source, event
-- Reads:   suppression, suppression_imported, suppression_live, suppression_lifted (all of the same columns)
WITH kept AS (
    SELECT kind, hash, probe, channel, purpose, topic, reason, since, until, source, event FROM suppression
    UNION ALL
    SELECT kind, hash, probe, channel, purpose, topic, reason, since, until, source, event FROM suppression_imported
    UNION ALL
    SELECT kind, hash, probe, channel, purpose, topic, reason, since, until, source, event FROM suppression_live
)

SELECT kept.kind, kept.hash, kept.probe, kept.channel, kept.purpose, kept.topic, kept.reason, kept.since, kept.until, kept.source, kept.event
FROM kept
LEFT ANTI JOIN suppression_lifted AS lifted
    ON
        kept.probe = lifted.probe
        AND kept.kind = lifted.kind
        AND kept.hash = lifted.hash
        AND kept.channel = lifted.channel
        AND kept.purpose = lifted.purpose
        AND kept.topic = lifted.topic
        AND kept.reason = lifted.reason
        AND kept.since IS NOT DISTINCT FROM lifted.since
        AND kept.source IS NOT DISTINCT FROM lifted.source
        AND kept.event IS NOT DISTINCT FROM lifted.event
