-- The erasures that a state was decided with.
-- Returns: patient
-- Reads:   erased
SELECT patient
FROM erased
