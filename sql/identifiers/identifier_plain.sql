-- Identifiers that plain SQL can normalise exactly as the rule asks (S3): ASCII texts, and French numbers in their usual spellings.
-- Returns: item, kind, clean (the first profile), one row for each plain identifier; every other one is in identifier_odd.
-- Reads: identifier_given(item, kind, value). Takes: $region, the default region of phone numbers.
SELECT
    item,
    kind,
    CASE kind
        WHEN 'phone' THEN '+33' || right(regexp_replace(value, '[^0-9]', '', 'g'), 9)
        WHEN 'patient_id' THEN value
        WHEN 'postal' THEN lower(trim(regexp_replace(value, '[\t-\r\x1c-\x20]+', ' ', 'g')))
        ELSE lower(
            CASE
                WHEN NOT regexp_matches(value, '[\t-\r\x1c-\x20]') THEN value
                ELSE regexp_replace(value, '[\t-\r\x1c-\x20]', '', 'g')
            END
        )
    END AS clean
FROM identifier_given
WHERE
    CASE kind
        WHEN 'email' THEN bit_length(value) = 8 * length(value)
        WHEN 'postal' THEN bit_length(value) = 8 * length(value)
        WHEN 'patient_id' THEN regexp_matches(value, '^[!-~]+$')
        WHEN 'phone' THEN
            regexp_matches(value, '^\+33[ .-]?[1-9]([ .-]?[0-9]{2}){4}$')
            OR ($region = 'FR' AND regexp_matches(value, '^0[1-9]([ .-]?[0-9]{2}){4}$'))
        ELSE FALSE
    END
