-- Entries whose scope covers an export and that have not ended; `since` never delays one (S2). A
-- question without a topic is of all topics. The tombstone of an address, which an erasure left,
-- covers only exports that use that kind of address, and a postal one none: so many people share it
-- (S8).
-- Returns: patient, kind, probe, reason, since, event
-- Reads:   suppression_near
-- Takes:   $channel, $identifier (the kind of address that the export uses), $purpose,
--          $topic (may be null), $as_of
SELECT patient, kind, probe, reason, since, event
FROM suppression_near
WHERE
    coalesce(channel, '*') IN ('*', $channel)
    AND coalesce(purpose, '*') IN ('*', $purpose)
    AND (CAST($topic AS VARCHAR) IS NULL OR coalesce(topic, '*') IN ('*', $topic))
    AND (until IS NULL OR until > $as_of)
    AND CASE
        WHEN coalesce(source, '') <> 'forget' OR kind = 'patient_id' THEN TRUE
        WHEN kind = 'postal' THEN FALSE
        ELSE kind = $identifier
    END
