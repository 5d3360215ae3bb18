-- What the previous snapshot says of itself under one key; no row if it says nothing.
-- Returns: value
-- Reads:   old_meta
-- Takes:   $key
SELECT value FROM old_meta WHERE key = $key
