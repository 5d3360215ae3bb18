-- Nobody: what an experiment without a holdout holds back.
-- Returns: patient
-- Reads:   export_considered
SELECT patient
FROM export_considered
WHERE FALSE
