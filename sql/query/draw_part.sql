-- The draws of the patients of one part of a question.
-- Returns: patient, square, slope, base
-- Reads:   bound_draw
-- Takes:   __first__, __last__ (patients)
SELECT
    patient,
    square,
    slope,
    base
FROM bound_draw
WHERE patient BETWEEN __first__ AND __last__
