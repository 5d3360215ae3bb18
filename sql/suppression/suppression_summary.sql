-- How many entries stand, by reason and source. For officers and operators only (P17).
-- Returns: reason, source, entries
-- Reads:   suppression_entry
SELECT reason, source, count(*) AS entries
FROM suppression_entry
GROUP BY reason, source
ORDER BY reason, source
