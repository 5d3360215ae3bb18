-- The identifiers, as they stood when they were exported, of people to be removed.
-- Returns: item (the patient), kind, value
-- Reads:   removal(patient), removal_source (patient, email, phone, postal)
-- Takes:   $identifier
SELECT
    r.patient AS item,
    $identifier AS kind,
    CASE $identifier WHEN 'email' THEN p.email WHEN 'phone' THEN p.phone ELSE p.postal END AS value
FROM (SELECT DISTINCT patient FROM removal) AS r
JOIN removal_source AS p ON r.patient = p.patient
