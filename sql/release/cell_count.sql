-- The exact number of eligible humans in each cell that has any. Confidential: only a release makes
-- numbers of it.
-- Returns: cell BIGINT (mixed radix over the dimension codes, first dimension slowest), patients
--          BIGINT
-- Reads:   eligible (one row a human, made by the gate)
-- Takes:   __cell__ (the cell's number)
SELECT
    __cell__ AS cell,
    count(*) AS patients
FROM eligible
GROUP BY __cell__
