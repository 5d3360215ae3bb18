-- The same, from facts that were reduced at ingest: those of eligible humans that satisfy the question's condition.
-- Returns: patient, cell BIGINT (the group's number; a patient may have several rows of one cell), many, sum_<n>
-- Reads:   __reduced__ (a reduced fact table), __eligible__ (one row a human, made by the gate), matched_cell
-- Takes:   __first__, __last__ (patients), __group__, __matched__ (numbers in mixed radix), __sums__
SELECT
    reduced.patient AS patient,
    __group__ AS cell,
    reduced.many AS many,
    __sums__
FROM __reduced__ AS reduced
INNER JOIN __eligible__ AS person ON person.patient = reduced.patient
WHERE
    reduced.patient BETWEEN __first__ AND __last__
    AND __matched__ IN (SELECT number FROM matched_cell)
