-- The channel's identifiers of everyone exported, as they are stored.
-- Returns: item (the patient), kind, value
-- Reads:   export_checked, patient
-- Takes:   $identifier
SELECT
    x.patient AS item,
    $identifier AS kind,
    CASE $identifier WHEN 'email' THEN p.email WHEN 'phone' THEN p.phone ELSE p.postal END AS value
FROM export_checked AS x
JOIN patient AS p ON x.patient = p.patient
WHERE x.reason = 0
