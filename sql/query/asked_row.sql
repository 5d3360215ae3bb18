-- The rows of one fact table that a question looks at: those of eligible humans that satisfy its
-- condition.
-- Returns: patient, cell BIGINT (the group's number), value_<n> (the measured columns)
-- Reads:   fact (a fact table), eligible (one row a human, made by the gate), matched_cell
-- Takes:   __group__, __matched__ (numbers in mixed radix), __values__
SELECT
    fact.patient AS patient,
    __group__ AS cell,
    __values__
FROM fact
INNER JOIN eligible AS person ON person.patient = fact.patient
WHERE __matched__ IN (SELECT number FROM matched_cell)
