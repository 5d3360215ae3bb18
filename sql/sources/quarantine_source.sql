-- The sources that have rows in quarantine.
-- Returns: source
-- Reads:   quarantine
SELECT DISTINCT source FROM quarantine
