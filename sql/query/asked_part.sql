-- What the patients of one part of a question have in each cell.
-- Returns: the columns of asked_cell
-- Reads:   asked_cell
-- Takes:   __first__, __last__ (patients)
SELECT *
FROM asked_cell
WHERE patient BETWEEN __first__ AND __last__
