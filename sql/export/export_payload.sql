-- The rows of the file: minimised columns of everyone exported, in an order that says nothing (by
-- keyed hash) and is always the same.
-- Returns: what __columns__ names
-- Reads:   export_checked, patient, export_address (item, normal)
-- Takes:   __columns__ (over x, p and n)
SELECT __columns__
FROM export_checked AS x
JOIN patient AS p ON x.patient = p.patient
LEFT JOIN export_address AS n ON x.patient = n.item
WHERE x.reason = 0
ORDER BY x.pseudonym, x.patient
