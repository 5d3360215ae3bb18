-- In which ways those reached are decided: whether some are read whole, and whether some only said
-- something new.
-- Returns: one row, whole, told BOOLEAN
-- Reads:   reached
SELECT
    count(*) FILTER (WHERE since IS NULL) > 0 AS whole,
    count(*) FILTER (WHERE since IS NOT NULL) > 0 AS told
FROM reached
