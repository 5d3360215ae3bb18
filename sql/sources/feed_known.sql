-- How the feeds stood in the previous snapshot.
-- Returns: name, modified_at, readable, shrunk
-- Reads:   old_feed
SELECT name, modified_at, readable, shrunk FROM old_feed
