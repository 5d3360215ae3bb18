-- What counts: at most $most cells a patient (P9).
-- Returns: the columns of asked_cell
-- Reads:   asked_cell, drawn_cell
-- Takes:   $key, $most
SELECT asked_cell.*
FROM asked_cell
WHERE NOT EXISTS (
    SELECT 1
    FROM drawn_cell
    WHERE drawn_cell.patient = asked_cell.patient AND drawn_cell.cell = asked_cell.cell AND drawn_cell.place > $most
)
