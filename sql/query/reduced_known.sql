-- How the facts of a snapshot were reduced, and by which key it drew.
-- Returns: key, value
-- Reads:   meta
SELECT
    key,
    value
FROM meta
WHERE starts_with(key, 'reduced ') OR key = 'draws'
