-- In which form the tables `reach` and `suppression_listed` of a snapshot are; no row: they are not
-- to be relied on.
-- Returns: value
-- Reads:   meta_read(key, value)
SELECT value
FROM meta_read
WHERE key = 'matched'
