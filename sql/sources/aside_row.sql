-- Rows of the patient table that are in quarantine and tell whose they are. The person is nobody's
-- member, but may be linked to one: a death or a listed address in such a row is theirs all the
-- same (C13, S2).
-- Returns: patient, deceased BOOLEAN, email, phone, postal
-- Reads:   patient_broken, raw_patient, identity
-- Takes:   $alive (words for alive)
SELECT
    i.patient,
    p.deceased_at <> '' OR NOT list_contains($alive, lower(trim(p.deceased))) AS deceased,
    nullif(p.email, '') AS email,
    nullif(p.phone, '') AS phone,
    nullif(p.postal, '') AS postal
FROM patient_broken AS b
JOIN raw_patient AS p ON p.raw_row = b.raw_row
JOIN identity AS i ON i.patient_id = p.patient_id
