-- The register of a recall: who is to be removed from which export, as numbers only.
-- Returns: patient, pseudonym, export
-- Reads:   removal
SELECT DISTINCT patient, pseudonym, export
FROM removal
