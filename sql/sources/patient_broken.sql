-- Rows of the patient table that cannot be used: no key (I1), differing rows of one key (I2), age
-- (I3), birth date (I4).
-- Returns: raw_row, rule, reason
-- Reads:   raw_patient, patient_conflict
SELECT
    raw_row, rule,
    CASE rule
        WHEN 'I1' THEN 'no key'
        WHEN 'I2' THEN 'rows of this key differ'
        WHEN 'I3' THEN 'age is not a number'
        ELSE 'birth_date is unreadable'
    END AS reason
FROM (
    SELECT
        raw_row,
        CASE
            WHEN p.patient_id = '' THEN 'I1'
            WHEN c.patient_id IS NOT NULL THEN 'I2'
            WHEN p.age <> '' AND NOT regexp_full_match(p.age, '[0-9]{1,9}([.]0*)?') THEN 'I3'
            WHEN p.birth_date <> '' AND (
                p.birth_date < '0001'
                OR NOT regexp_full_match(
                    p.birth_date,
                    '[0-9]{4}|[0-9]{4}-(0[1-9]|1[0-2])|[0-9]{4}-[0-9]{2}-[0-9]{2}'
                    || '([T ]([01][0-9]|2[0-3]):[0-5][0-9]'
                    || '(:[0-5][0-9]([.][0-9]+)?)?(Z|[+-]([01][0-9]|2[0-3])(:[0-5][0-9])?)?)?'
                )
                OR length(p.birth_date) >= 10
                AND try_cast(left(p.birth_date, 10) AS DATE) IS NULL
            ) THEN 'I4'
        END AS rule
    FROM raw_patient AS p
    LEFT JOIN patient_conflict AS c ON c.patient_id = p.patient_id
) AS checked
WHERE rule IS NOT NULL
