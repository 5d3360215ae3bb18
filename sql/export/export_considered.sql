-- Each member that wrote an address with the first reason that stands before the address is
-- compared with others': that of export_reason, or 6 invalid_address. The rest is in
-- export_unwritten.
-- Returns: patient, pseudonym (number of the keyed hash of the id), address (number of the
--          address's), shared (with another), reason
-- Reads:   reach, export_reason
-- Takes:   $identifier (email, phone, postal)
SELECT
    m.patient,
    r.pseudonym,
    r.address,
    coalesce(r.shared, FALSE) AS shared,
    CAST(
        CASE WHEN m.reason = 0 AND NOT coalesce(r.valid, FALSE) THEN 6 ELSE m.reason END AS SMALLINT
    ) AS reason
FROM (SELECT patient, pseudonym, address, valid, shared FROM reach WHERE kind = $identifier) AS r
JOIN export_reason AS m ON r.patient = m.patient
