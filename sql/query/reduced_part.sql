-- What the patients of one part of a question have, from facts that were reduced at ingest:
-- everybody's, for what follows to choose from.
-- Returns: patient, many, sum_<n>, cell and, for a question with a condition, matched BIGINT: what
--          the rows tell of the numbers of the group, and of the cell in the condition
-- Reads:   reduced (a reduced fact table)
-- Takes:   __first__, __last__ (patients), __numbers__ (in mixed radix), __sums__
SELECT
    reduced.patient AS patient,
    __numbers__,
    reduced.many AS many,
    __sums__
FROM reduced
WHERE reduced.patient BETWEEN __first__ AND __last__
