-- A removal file, each row once, in an order that says nothing and is always the same.
-- Returns: what __columns__ names
-- Reads:   __lines__ (pseudonym and the columns)
-- Takes:   __columns__
SELECT __columns__
FROM (SELECT DISTINCT * FROM __lines__) AS line
ORDER BY pseudonym
