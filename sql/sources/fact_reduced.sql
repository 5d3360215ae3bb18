-- A fact table reduced to one row a patient and combination of the declared dimensions of its rows
-- (P9), a patient's rows side by side.
-- Returns: patient, code BIGINT (the combination's number), many (rows), sum_<n> (a bounded column;
--          NULL where no row has a number)
-- Reads:   fact (a fact table)
-- Takes:   __code__, __sums__
SELECT
    fact.patient AS patient,
    __code__ AS code,
    count(*) AS many,
    __sums__
FROM fact
GROUP BY fact.patient, __code__
ORDER BY patient, code
