-- The eligible humans of one part of a question.
-- Returns: patient, cell, matched: what their own codes tell of the same numbers as `reduced_part`;
--          each is the sum of both
-- Reads:   eligible (one row a human, made by the gate)
-- Takes:   __first__, __last__ (patients), __numbers__ (in mixed radix)
SELECT
    person.patient AS patient,
    __numbers__
FROM eligible AS person
WHERE person.patient BETWEEN __first__ AND __last__
