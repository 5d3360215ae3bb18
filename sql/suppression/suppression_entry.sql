-- Every entry that stands: all that were made, without those an officer lifted (S1).
-- Returns: kind, hash, probe, channel, purpose, topic, reason, since, until, source, event
-- Reads:   suppression_lifted (of the same columns), suppression_known
WITH touched AS (
    SELECT DISTINCT probe FROM suppression_lifted
)

SELECT
    known.kind, known.hash, known.probe, known.channel, known.purpose, known.topic, known.reason,
    known.since, known.until, known.source,
    known.event
FROM suppression_known AS known
LEFT ANTI JOIN touched ON known.probe = touched.probe
UNION ALL
SELECT
    known.kind, known.hash, known.probe, known.channel, known.purpose, known.topic, known.reason,
    known.since, known.until, known.source,
    known.event
FROM suppression_known AS known
LEFT SEMI JOIN touched ON known.probe = touched.probe
LEFT ANTI JOIN suppression_lifted AS lifted
    ON
        known.probe = lifted.probe
        AND known.kind = lifted.kind
        AND known.hash = lifted.hash
        AND known.channel = lifted.channel
        AND known.purpose = lifted.purpose
        AND known.topic = lifted.topic
        AND known.reason = lifted.reason
        AND known.since IS NOT DISTINCT FROM lifted.since
        AND known.source IS NOT DISTINCT FROM lifted.source
        AND known.event IS NOT DISTINCT FROM lifted.event
