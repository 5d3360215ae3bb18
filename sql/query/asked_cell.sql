-- What each patient has in each cell of a question: facts reduced to one row a patient and cell
-- (P9).
-- Returns: patient, cell, many (rows), and the reductions of the measured columns
-- Reads:   __rows__ (asked_row, or placed_row where one value of several is drawn)
-- Takes:   __reductions__
SELECT
    patient,
    cell,
    count(*) AS many,
    __reductions__
FROM __rows__
GROUP BY patient, cell
