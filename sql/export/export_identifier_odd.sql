-- The channel's identifiers of everyone exported that are not yet as they are written: not ASCII, with blanks, not plain E.164.
-- Returns: item (the patient), kind, value
-- Reads:   export_identifier
SELECT item, kind, value
FROM export_identifier
WHERE
    CASE kind
        WHEN 'email' THEN bit_length(value) <> 8 * length(value) OR regexp_matches(value, '[\t-\r\x1c-\x20]')
        WHEN 'phone' THEN NOT regexp_matches(value, '^\+33[1-9][0-9]{8}$')
        ELSE TRUE
    END
