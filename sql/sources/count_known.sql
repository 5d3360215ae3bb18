-- The row counts of the previous snapshot.
-- Returns: name, read, kept, quarantined
-- Reads:   old_table_count
SELECT name, read, kept, quarantined FROM old_table_count
