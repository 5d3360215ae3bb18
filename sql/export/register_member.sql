-- The register of an export: who is in the file, as numbers only.
-- Returns: patient, pseudonym, address
-- Reads:   export_checked
SELECT patient, pseudonym, address
FROM export_checked
WHERE reason = 0
