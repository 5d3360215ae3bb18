-- The decisions at other clocks, under the name that the gate reads.
-- Returns: person's columns
-- Reads:   person_then
SELECT *
FROM person_then
