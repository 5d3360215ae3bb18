-- What each patient has in each cell of a question: facts reduced to one row a patient and cell
-- (P9).
-- Returns: patient, cell, many (rows), and the reductions of the measured columns
-- Reads:   asked_row
-- Takes:   __reductions__
SELECT
    patient,
    cell,
    count(*) AS many,
    __reductions__
FROM asked_row
GROUP BY patient, cell
