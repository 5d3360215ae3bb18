-- Suppression sources that are too old, unreadable or shrank too much to rely on (S7). An unknown
-- age is too old.
-- Returns: name, fault ('unreadable', 'shrunk', 'stale')
-- Reads:   feed(name, modified_at, max_age_seconds, readable, shrunk)
-- Takes:   $now
SELECT
    name,
    CASE
        WHEN NOT coalesce(readable, FALSE) THEN 'unreadable'
        WHEN coalesce(shrunk, TRUE) THEN 'shrunk'
        ELSE 'stale'
    END AS fault
FROM feed
WHERE
    NOT coalesce(readable, FALSE)
    OR coalesce(shrunk, TRUE)
    OR NOT coalesce(modified_at >= $now - max_age_seconds * INTERVAL '1' SECOND, FALSE)
ORDER BY name
