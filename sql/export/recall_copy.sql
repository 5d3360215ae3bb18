-- A recall register's rows, out of its file.
-- Returns: patient, export
-- Reads:   register_row
SELECT patient, export
FROM register_row
