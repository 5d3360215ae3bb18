-- A removal file, each row once, in an order that says nothing and is always the same.
-- Returns: what __columns__ names
-- Reads:   removal_line (pseudonym and the columns)
-- Takes:   __columns__
SELECT __columns__
FROM (SELECT DISTINCT * FROM removal_line) AS line
ORDER BY pseudonym
