-- What was read from lists, each entry once. Nearly all are named once: only those whose number
-- comes again are compared whole.
-- Returns: kind, hash, probe, channel, purpose, topic, reason, since, until, source, event
-- Reads:   suppression_new (of the same columns)
WITH again AS (
    SELECT probe FROM suppression_new GROUP BY probe HAVING count(*) > 1
)

SELECT
    n.kind, n.hash, n.probe, n.channel, n.purpose, n.topic, n.reason, n.since, n.until, n.source,
    n.event
FROM suppression_new AS n
ANTI JOIN again ON again.probe = n.probe
UNION ALL
SELECT DISTINCT
    n.kind, n.hash, n.probe, n.channel, n.purpose, n.topic, n.reason, n.since, n.until, n.source,
    n.event
FROM suppression_new AS n
SEMI JOIN again ON again.probe = n.probe
