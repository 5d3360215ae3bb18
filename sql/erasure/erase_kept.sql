-- The rows of one table of a snapshot that are not of the erased.
-- Returns: the columns of erase_source
-- Reads:   erase_source(patient, ...), gone(patient)
SELECT s.*
FROM erase_source AS s
LEFT ANTI JOIN gone AS g ON s.patient = g.patient
ORDER BY s.patient
