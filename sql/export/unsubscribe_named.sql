-- Whom a List-Unsubscribe token was made for, in the files of one alias.
-- Returns: patient_id, email, phone, postal
-- Reads:   identity, patient
-- Takes:   $inner, $outer (HMAC pads), $alias, $token
SELECT i.patient_id, p.email, p.phone, p.postal
FROM identity AS i
LEFT JOIN patient AS p ON i.patient = p.patient
WHERE left(sha256($outer || unhex(sha256($inner || encode($alias || i.patient_id)))), 32) = $token
