-- A register's rows, out of its file.
-- Returns: patient, pseudonym, address
-- Reads:   register_row
SELECT patient, pseudonym, address
FROM register_row
