-- Each member without an address, with the first reason against it: that of export_reason, or 5
-- no_address.
-- Returns: patient, pseudonym, address (both null), shared, reason
-- Reads:   export_reason, export_considered
SELECT
    m.patient,
    CAST(NULL AS BIGINT) AS pseudonym,
    CAST(NULL AS BIGINT) AS address,
    FALSE AS shared,
    CAST(CASE WHEN m.reason = 0 THEN 5 ELSE m.reason END AS SMALLINT) AS reason
FROM export_reason AS m
LEFT ANTI JOIN export_considered AS x ON m.patient = x.patient
