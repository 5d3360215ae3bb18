-- What each patient has in each cell of a question that draws one value of several: facts reduced
-- to one row a patient and cell (P9).
-- Returns: patient, cell, many (rows), and the reductions of the measured columns
-- Reads:   drawn_row
-- Takes:   __reductions__
SELECT
    patient,
    cell,
    count(*) AS many,
    __reductions__
FROM drawn_row
GROUP BY patient, cell
