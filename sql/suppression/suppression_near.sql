-- Entries that stand and name a patient, beside each they name. What names a number that an officer
-- lifted something of is compared whole; all else is not.
-- Returns: patient, kind, probe, channel, purpose, topic, reason, since, until, source, event
-- Reads:   suppression_lifted, suppression_matched
WITH touched AS (
    SELECT DISTINCT probe FROM suppression_lifted
)

SELECT
    m.patient, m.kind, m.probe, m.channel, m.purpose, m.topic, m.reason, m.since, m.until,
    m.source, m.event
FROM suppression_matched AS m
LEFT ANTI JOIN touched ON m.probe = touched.probe
UNION ALL
SELECT
    m.patient, m.kind, m.probe, m.channel, m.purpose, m.topic, m.reason, m.since, m.until,
    m.source, m.event
FROM suppression_matched AS m
LEFT SEMI JOIN touched ON m.probe = touched.probe
LEFT ANTI JOIN suppression_lifted AS l
    ON
        m.probe = l.probe
        AND m.kind = l.kind
        AND m.hash = l.hash
        AND m.channel = l.channel
        AND m.purpose = l.purpose
        AND m.topic = l.topic
        AND m.reason = l.reason
        AND m.since IS NOT DISTINCT FROM l.since
        AND m.source IS NOT DISTINCT FROM l.source
        AND m.event IS NOT DISTINCT FROM l.event
