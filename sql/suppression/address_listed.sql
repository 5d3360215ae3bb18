-- Numbers of patients' hashes that stand on any list.
-- Returns: probe (once)
-- Reads:   address, suppression_entry
-- Takes:   __kinds__ (the kinds that lists hold, so that no other is read)
SELECT DISTINCT a.probe
FROM address AS a
JOIN suppression_entry AS e ON a.probe = e.probe
WHERE a.kind IN (__kinds__)
