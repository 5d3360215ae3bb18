-- The exact totals of each group over what counts. Confidential.
-- Returns: cell, patients, and the totals of the measures
-- Reads:   kept_cell
-- Takes:   __totals__
SELECT
    cell,
    count(*) AS patients,
    __totals__
FROM kept_cell
GROUP BY cell
