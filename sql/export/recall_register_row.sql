-- The rows of a recall's register, as numbers only.
-- Returns: patient, pseudonym, export
-- Reads:   recall_register
SELECT DISTINCT patient, pseudonym, export
FROM recall_register
