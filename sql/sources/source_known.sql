-- The files that the previous snapshot was read from.
-- Returns: source, path, fingerprint
-- Reads:   old_source_file
SELECT source, path, fingerprint FROM old_source_file
