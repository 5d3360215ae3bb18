-- The columns of a list that hold an identifier, and the kind of each.
-- Returns: slot, kind
SELECT 'email' AS slot, 'email' AS kind
UNION ALL
SELECT 'phone', 'phone'
UNION ALL
SELECT 'mobile', 'phone'
UNION ALL
SELECT 'patient_id', 'patient_id'
UNION ALL
SELECT 'postal', 'postal'
UNION ALL
SELECT 'domain', 'domain'
