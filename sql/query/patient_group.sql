-- How many eligible humans each group has, of those that satisfy the question's condition.
-- Confidential.
-- Returns: cell BIGINT (the group's number), patients BIGINT
-- Reads:   eligible (one row a human, made by the gate), matched_cell (cell: the numbers that
--          satisfy the condition)
-- Takes:   __group__, __matched__ (numbers in mixed radix)
SELECT
    __group__ AS cell,
    count(*) AS patients
FROM eligible AS person
WHERE __matched__ IN (SELECT number FROM matched_cell)
GROUP BY __group__
