-- How fresh each suppression source was.
-- Returns: name, modified_at
-- Reads:   feed
SELECT name, modified_at
FROM feed
ORDER BY name
