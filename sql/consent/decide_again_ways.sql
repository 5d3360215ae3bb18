-- In which ways people are decided again: whether some are read whole, and whether some only said
-- something new.
-- Returns: one row, whole, only_new BOOLEAN
-- Reads:   decide_again
SELECT
    count(*) FILTER (WHERE since IS NULL) > 0 AS whole,
    count(*) FILTER (WHERE since IS NOT NULL) > 0 AS only_new
FROM decide_again
