-- The patients of the demo clinic, as its own register would hand them over: one row an id, all
-- text. Addresses are in domains and number ranges kept for fiction.
-- Returns: patient_id, first_name, last_name, sex, birth_date, regime, city, postal, email, phone,
--          language, deceased_at
-- Reads:   demo_person
-- Takes:   $today
SELECT
    patient_id, first_name, last_name, sex,
    CASE
        WHEN d_email = 500 THEN strftime(birth_date, '%d.%m.%y')
        ELSE strftime(birth_date, '%Y-%m-%d')
    END AS birth_date,
    CASE
        WHEN d_regime < 68 THEN 'RG'
        WHEN d_regime < 78 THEN 'MSA'
        WHEN d_regime < 86 THEN 'SSI'
        WHEN d_regime < 94 THEN 'CSS'
        WHEN d_regime < 97 THEN 'AME'
        ELSE ''
    END AS regime,
    city,
    CAST(1 + d_street % 180 AS VARCHAR) || ' ' || street || ', ' || postcode || ' ' || city
        AS postal,
    CASE
        WHEN d_email < 80 THEN ''
        WHEN d_email < 84 THEN mailbox || '@courriel'
        WHEN d_email < 100 THEN upper(mailbox) || '@COURRIEL.EXAMPLE'
        WHEN d_email < 130 THEN ' ' || mailbox || '@boite.example '
        ELSE mailbox || '@'
            || list_extract(
                ['courriel.example', 'boite.example', 'example.org', 'example.net'],
                CAST(1 + d_email % 4 AS BIGINT)
            )
    END AS email,
    CASE
        WHEN d_phone < 150 THEN ''
        WHEN d_phone < 600
            THEN '06 39 98 ' || lpad(CAST(d_number // 100 AS VARCHAR), 2, '0') || ' '
                || lpad(CAST(d_number % 100 AS VARCHAR), 2, '0')
        ELSE '+3363998' || lpad(CAST(d_number AS VARCHAR), 4, '0')
    END AS phone,
    CASE WHEN d_first % 50 = 0 THEN 'en' WHEN d_first % 50 = 1 THEN 'br' ELSE 'fr' END AS language,
    CASE
        WHEN d_death < 12 AND d_age > 500
            THEN strftime(CAST($today AS DATE) - CAST(d_moment % 700 AS INTEGER), '%Y-%m-%d')
        ELSE ''
    END AS deceased_at
FROM demo_person
ORDER BY i
