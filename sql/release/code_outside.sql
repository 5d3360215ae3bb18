-- How many eligible humans have a code outside its domain: none, else their cells would be those of
-- others. Costs next to nothing, since the engine knows the least and the greatest code of every
-- block.
-- Returns: one row: patients BIGINT
-- Reads:   eligible (one row a human, made by the gate)
-- Takes:   __outside__ (whether a code is)
SELECT count(*) AS patients
FROM eligible
WHERE __outside__
