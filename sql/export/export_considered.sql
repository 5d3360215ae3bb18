-- Each member with the first reason that stands before the address is compared with others': 1 no_channel_consent, 2 suppressed,
-- 3 preference, 4 frequency_cap, 5 no_address, 6 invalid_address; 0 none of these.
-- Returns: patient, pseudonym (number of the keyed hash of the id), address (number of the address's), reason
-- Reads:   export_member, address, contactable, suppressed, preferring, capped, patient
-- Takes:   $identifier (email, phone, postal)
SELECT
    m.patient,
    own.probe AS pseudonym,
    a.probe AS address,
    CASE
        WHEN c.patient IS NULL THEN 1
        WHEN s.patient IS NOT NULL THEN 2
        WHEN p.patient IS NOT NULL THEN 3
        WHEN k.patient IS NOT NULL THEN 4
        WHEN a.probe IS NULL AND NOT coalesce(w.written, FALSE) THEN 5
        WHEN NOT coalesce(a.valid, FALSE) THEN 6
        ELSE 0
    END AS reason
FROM export_member AS m
JOIN (SELECT patient, probe FROM address WHERE kind = 'patient_id') AS own ON m.patient = own.patient
LEFT JOIN contactable AS c ON m.patient = c.patient
LEFT JOIN suppressed AS s ON m.patient = s.patient
LEFT JOIN preferring AS p ON m.patient = p.patient
LEFT JOIN (SELECT DISTINCT patient FROM capped) AS k ON m.patient = k.patient
LEFT JOIN (
    SELECT patient, probe, valid
    FROM address
    WHERE kind = $identifier AND (profile = 1 OR kind = 'phone')
) AS a ON m.patient = a.patient
LEFT JOIN (
    SELECT patient, TRUE AS written
    FROM patient
    WHERE $identifier = 'phone' AND trim(phone) <> ''
) AS w ON m.patient = w.patient
