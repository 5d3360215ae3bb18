-- The first event that the state before does not know.
-- Returns: one row, since (the largest number if nobody merely said something new)
-- Reads:   changed
SELECT coalesce(min(since), 9223372036854775807) AS since
FROM changed
