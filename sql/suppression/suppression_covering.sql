-- Entries whose scope covers an export and that have not ended; `since` never delays one (S2). A
-- question without a topic is of all topics.
-- Returns: patient, kind, probe, reason, since, event
-- Reads:   suppression_near
-- Takes:   $channel, $purpose, $topic (may be null), $as_of
SELECT patient, kind, probe, reason, since, event
FROM suppression_near
WHERE
    coalesce(channel, '*') IN ('*', $channel)
    AND coalesce(purpose, '*') IN ('*', $purpose)
    AND (CAST($topic AS VARCHAR) IS NULL OR coalesce(topic, '*') IN ('*', $topic))
    AND (until IS NULL OR until > $as_of)
