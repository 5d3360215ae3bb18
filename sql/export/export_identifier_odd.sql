-- The channel's identifiers of everyone exported that are not yet as they are written: not ASCII,
-- with blanks, not plain E.164.
-- Returns: item (the patient), kind, value
-- Reads:   export_checked, reach, patient
-- Takes:   $identifier
SELECT
    x.patient AS item,
    r.kind,
    CASE r.kind WHEN 'email' THEN p.email WHEN 'phone' THEN p.phone ELSE p.postal END AS value
FROM export_checked AS x
JOIN (SELECT patient, kind FROM reach WHERE kind = $identifier AND NOT plain) AS r
    ON x.patient = r.patient
JOIN patient AS p ON x.patient = p.patient
WHERE x.reason = 0
