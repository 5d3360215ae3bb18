-- How many patients have each value of one measured column in each group: one clipped value a patient and cell (P9). Confidential.
-- Returns: cell, value BIGINT, patients
-- Reads:   kept_cell
-- Takes:   __value__ (NULL where a patient has none)
SELECT
    cell,
    __value__ AS value,
    count(*) AS patients
FROM kept_cell
WHERE __value__ IS NOT NULL
GROUP BY cell, __value__
