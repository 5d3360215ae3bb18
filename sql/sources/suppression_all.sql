-- The suppression entries of the new snapshot: the previous one's and the new (S1), each once.
-- Returns: kind, hash, probe, channel, purpose, topic, reason, since, until, source, event
-- Reads:   suppression_before, list_once
SELECT kind, hash, probe, channel, purpose, topic, reason, since, until, source, event
FROM suppression_before
UNION ALL
SELECT
    n.kind, n.hash, n.probe, n.channel, n.purpose, n.topic, n.reason, n.since, n.until, n.source,
    n.event
FROM list_once AS n
ANTI JOIN suppression_before AS b
    ON
        b.probe = n.probe
        AND b.kind = n.kind
        AND b.hash = n.hash
        AND b.channel IS NOT DISTINCT FROM n.channel
        AND b.purpose IS NOT DISTINCT FROM n.purpose
        AND b.topic IS NOT DISTINCT FROM n.topic
        AND b.reason IS NOT DISTINCT FROM n.reason
        AND b.since IS NOT DISTINCT FROM n.since
        AND b.until IS NOT DISTINCT FROM n.until
        AND b.source IS NOT DISTINCT FROM n.source
        AND b.event IS NOT DISTINCT FROM n.event
