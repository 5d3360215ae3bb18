-- Identifiers of the erased that people who stay hold too (a shared mailbox, one address): they are
-- not the erased person's alone.
-- Returns: text (once)
-- Reads:   patient, needle(text, lower case), needle_id(text)
WITH held AS (
    SELECT patient_id, lower(email) AS text FROM patient WHERE email IS NOT NULL
    UNION ALL
    SELECT patient_id, lower(phone) FROM patient WHERE phone IS NOT NULL
    UNION ALL
    SELECT patient_id, lower(postal) FROM patient WHERE postal IS NOT NULL
)

SELECT DISTINCT needle.text
FROM needle
JOIN held
    ON
        contains(held.text, needle.text)
        AND regexp_matches(
            held.text,
            '(^|[^0-9a-z._+-])'
                || regexp_replace(needle.text, '([][\\.+*?(){}|^$])', '\\\1', 'g')
                || '($|[^0-9a-z])'
        )
WHERE held.patient_id NOT IN (SELECT needle_id.text FROM needle_id)
