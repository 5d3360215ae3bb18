-- Each member with the first reason that stands before the address is compared with others': 1 no_channel_consent, 2 suppressed,
-- 3 preference, 4 frequency_cap, 5 no_address, 6 invalid_address; 0 none of these.
-- Returns: patient, pseudonym (number of the keyed hash of the id), address (number of the address's), shared (with another), reason
-- Reads:   export_member(patient, contactable), reach, suppressed, preferring, capped
-- Takes:   $identifier (email, phone, postal)
SELECT
    m.patient,
    r.pseudonym,
    r.address,
    coalesce(r.shared, FALSE) AS shared,
    CAST(
        CASE
            WHEN NOT coalesce(m.contactable, FALSE) THEN 1
            WHEN s.patient IS NOT NULL THEN 2
            WHEN p.patient IS NOT NULL THEN 3
            WHEN k.patient IS NOT NULL THEN 4
            WHEN r.patient IS NULL THEN 5
            WHEN NOT coalesce(r.valid, FALSE) THEN 6
            ELSE 0
        END AS SMALLINT
    ) AS reason
FROM export_member AS m
LEFT JOIN (SELECT patient, pseudonym, address, valid, shared FROM reach WHERE kind = $identifier) AS r ON m.patient = r.patient
LEFT JOIN suppressed AS s ON m.patient = s.patient
LEFT JOIN preferring AS p ON m.patient = p.patient
LEFT JOIN (SELECT DISTINCT patient FROM capped) AS k ON m.patient = k.patient
