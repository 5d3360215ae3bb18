-- How the sources of the previous snapshot were declared to be read (hashes).
-- Returns: key, value
-- Reads:   old_meta
SELECT key, value FROM old_meta WHERE starts_with(key, 'declaration ')
