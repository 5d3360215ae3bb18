-- Whether anyone of a removal withdrew before the export already, which only reached us afterwards,
-- and whether there is anyone at all.
-- Returns: someone, late
-- Reads:   removal
SELECT count(*) > 0 AS someone, coalesce(bool_or(late), FALSE) AS late
FROM removal
