-- Patient ids all of whose rows are in quarantine, and those that the table of deaths names:
-- whether a death is told. It holds for whoever is linked, too (C13).
-- Returns: patient (once), deceased BOOLEAN
-- Reads:   aside_row, death
SELECT patient, bool_or(deceased) AS deceased
FROM (
    SELECT patient, deceased FROM aside_row
    UNION ALL
    SELECT patient, TRUE AS deceased FROM death
) AS told
GROUP BY patient
