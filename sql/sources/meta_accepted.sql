-- How many entries each feed had when it was last accepted, as JSON.
-- Returns: value
-- Reads:   old_meta
SELECT value FROM old_meta WHERE key = 'accepted'
