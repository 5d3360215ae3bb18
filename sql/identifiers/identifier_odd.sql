-- Identifiers that Python normalises, each distinct one once: not ASCII, domains, numbers in rare spellings.
-- Returns: kind, value. Reads: identifier_given(item, kind, value). Takes: $region.
SELECT DISTINCT kind, value
FROM identifier_given
WHERE
    value IS NOT NULL
    AND CASE kind
        WHEN 'email' THEN bit_length(value) <> 8 * length(value)
        WHEN 'postal' THEN bit_length(value) <> 8 * length(value)
        WHEN 'patient_id' THEN NOT regexp_matches(value, '^[!-~]+$')
        WHEN 'phone' THEN
            NOT regexp_matches(value, '^\+33[ .-]?[1-9]([ .-]?[0-9]{2}){4}$')
            AND NOT ($region = 'FR' AND regexp_matches(value, '^0[1-9]([ .-]?[0-9]{2}){4}$'))
        ELSE TRUE
    END
