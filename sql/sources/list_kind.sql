-- The kinds of identifier that an entry may name.
-- Returns: kind.
SELECT 'email' AS kind
UNION ALL SELECT 'phone'
UNION ALL SELECT 'patient_id'
UNION ALL SELECT 'postal'
UNION ALL SELECT 'domain'
