-- The rows of export_payload for those whom the previous export of the same segment, channel and
-- destination did not have at this address.
-- Returns: what __columns__ names
-- Reads:   export_checked, export_before(patient, address), patient,
--          export_address(item: the patient, normal)
-- Takes:   __columns__ (over x, p and n)
SELECT __columns__
FROM export_checked AS x
LEFT ANTI JOIN export_before AS b ON x.patient = b.patient AND x.address = b.address
JOIN patient AS p ON x.patient = p.patient
LEFT JOIN export_address AS n ON x.patient = n.item
WHERE x.reason = 0
ORDER BY x.pseudonym, x.patient
