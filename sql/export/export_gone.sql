-- Who was in the previous export, with an address, and is not in this one with it.
-- Returns: patient, pseudonym
-- Reads:   export_before(patient, pseudonym, address), export_checked
SELECT b.patient, b.pseudonym
FROM export_before AS b
LEFT ANTI JOIN (SELECT patient, address FROM export_checked WHERE reason = 0) AS x
    ON b.patient = x.patient AND b.address = x.address
