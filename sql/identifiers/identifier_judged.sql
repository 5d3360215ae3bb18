-- Which identifiers plain SQL can bring to the first profile exactly as the rule asks (S3): clean
-- ASCII addresses, ids without blanks, and French numbers in their usual spellings, but for those
-- that may be overseas and are not written with +33.
-- Returns: item, kind, value, plain
-- Reads:   identifier_given(item, kind, value)
-- Takes:   $region (the default region of phone numbers)
SELECT
    item,
    kind,
    value,
    CASE kind
        WHEN 'email' THEN
            regexp_matches(
                value,
                '^[\t-\r\x1c-\x20]*[A-Za-z0-9][A-Za-z0-9.!#$%''+=^_~-]*'
                || '@([A-Za-z0-9_-]+\.)+[A-Za-z0-9_-]*[A-Za-z0-9][\t-\r\x1c-\x20]*$'
            )
        WHEN 'postal' THEN
            bit_length(value) = 8 * length(value)
            AND NOT regexp_matches(value, '[\x00-\x08\x0e-\x1b\x7f]')
            AND regexp_matches(value, '[A-Za-z0-9]')
        WHEN 'patient_id' THEN regexp_matches(value, '^[!-~]+$')
        WHEN 'phone' THEN
            regexp_matches(value, '^\+33[ .-]?[1-9]([ .-]?[0-9]{2}){4}$')
            OR $region = 'FR' AND regexp_matches(
                value,
                '^0[ .-]?([13489][ .-]?[0-9]{2}|2[ .-]?[0-57-9][0-9]|5[ .-]?[0-8][0-9]'
                || '|6[ .-]?([0-24-8][0-9]|3[0-8])|7[ .-]?([1-9][0-9]|0[0-7]))([ .-]?[0-9]{2}){3}$'
            )
        ELSE FALSE
    END AS plain
FROM identifier_given
WHERE value IS NOT NULL
