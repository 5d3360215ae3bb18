-- The first profile of identifiers that plain SQL can normalise (S3); every other one is in
-- identifier_unnormalised.
-- Returns: item, kind, clean, one row for each plain identifier
-- Reads:   identifier_judged
SELECT
    item,
    kind,
    CASE kind
        WHEN 'phone' THEN '+33' || right(regexp_replace(value, '[^0-9]', '', 'g'), 9)
        WHEN 'patient_id' THEN value
        WHEN 'postal' THEN lower(trim(regexp_replace(value, '[\t-\r\x1c-\x20]+', ' ', 'g')))
        WHEN 'email' THEN
            lower(
                CASE
                    WHEN value > '!' AND right(value, 1) > ' ' THEN value
                    ELSE regexp_replace(value, '[\t-\r\x1c-\x20]+', '', 'g')
                END
            )
    END AS clean
FROM identifier_judged
WHERE plain
