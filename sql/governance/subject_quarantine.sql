-- Quarantined lines that hold an id or identifier of a person as a word of its own. They may be
-- another's: the officer looks at each.
-- Returns: the columns of quarantine
-- Reads:   subject_patient(patient_id, email, phone, postal), quarantine
WITH known AS (
    SELECT lower(patient_id) AS text FROM subject_patient
    UNION
    SELECT lower(email) FROM subject_patient WHERE email IS NOT NULL
    UNION
    SELECT lower(phone) FROM subject_patient WHERE phone IS NOT NULL
    UNION
    SELECT lower(postal) FROM subject_patient WHERE postal IS NOT NULL
)

SELECT q.*
FROM quarantine AS q
LEFT SEMI JOIN known AS k
    ON
        contains(lower(q.content), k.text)
        AND regexp_matches(
            ' ' || lower(q.content) || ' ',
            '[^0-9a-z]' || regexp_replace(k.text, '([][\\.+*?(){}|^$])', '\\\1', 'g') || '[^0-9a-z]'
        )
ORDER BY q.line
