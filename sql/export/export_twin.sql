-- Members that passed everything so far and share an address with another that did.
-- Returns: patient, patient_id, address
-- Reads:   export_considered, identity
WITH shared AS (
    SELECT address
    FROM export_considered
    WHERE reason = 0
    GROUP BY address
    HAVING count(*) > 1
)

SELECT x.patient, i.patient_id, x.address
FROM export_considered AS x
LEFT SEMI JOIN shared AS s ON x.address = s.address
JOIN identity AS i ON x.patient = i.patient
WHERE x.reason = 0
