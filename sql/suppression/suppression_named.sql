-- The entries of one identifier that stand.
-- Returns: kind, hash, channel, purpose, topic, reason, since, source, event
-- Reads:   suppression_entry
-- Takes:   $kind, $hashes, $channel (may be null: any)
SELECT DISTINCT kind, hash, channel, purpose, topic, reason, since, source, event
FROM suppression_entry
WHERE
    kind = $kind
    AND list_contains($hashes, hash)
    AND (CAST($channel AS VARCHAR) IS NULL OR channel = $channel)
ORDER BY channel, purpose, topic, reason, since, source, event
