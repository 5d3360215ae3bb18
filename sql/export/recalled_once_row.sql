-- The people of one recall, with the export each was recalled from.
-- Returns: patient, export
-- Reads:   recalled_once
SELECT patient, export
FROM recalled_once
