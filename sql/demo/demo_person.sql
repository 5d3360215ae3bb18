-- The people of the demo clinic, one row an id: who they are and where they live, by their dice.
-- Returns: demo_draw's columns, sex, birth_date DATE, first_name, last_name, mailbox, street, city,
--          postcode
-- Reads:   demo_draw, demo_first_name, demo_city
-- Takes:   $today
WITH person AS (
    SELECT
        *,
        CASE WHEN d_sex < 53 THEN 'F' ELSE 'M' END AS sex,
        CAST(CAST($today AS DATE) - CAST(d_day + 365.25 * CASE
            WHEN d_age < 70 THEN d_age / 4.2
            WHEN d_age < 300 THEN 17 + (d_age - 70) / 12.0
            WHEN d_age < 800 THEN 36 + (d_age - 300) / 13.0
            ELSE 74 + (d_age - 800) / 9.5
        END AS INTEGER) AS DATE) AS birth_date,
        list_extract([
            'Le Goff', 'Le Gall', 'Kerbrat', 'Morvan', 'Riou', 'Abgrall', 'Salaün', 'Martin',
            'Benali', 'Floc''h', 'Cadiou', 'Petton', 'Diallo', 'Rolland', 'Tanguy', 'Nicolas',
            'Quéré', 'Jaouen', 'Moreau', 'Nguyen'
        ], CAST(1 + d_last % 20 AS BIGINT)) AS last_name,
        list_extract([
            'rue de Siam', 'rue Jean Jaurès', 'rue du Port', 'place de la Liberté',
            'rue de l''Église', 'route de la Corniche', 'impasse des Ajoncs', 'rue des Capucins'
        ], CAST(1 + d_street % 8 AS BIGINT)) AS street
    FROM demo_draw
),

named AS (
    SELECT
        person.*, c.city, c.postcode,
        list_extract(n.names, CAST(1 + d_first % 10 AS BIGINT)) AS first_name
    FROM person
    JOIN demo_first_name AS n
        ON n.sex = person.sex AND year(person.birth_date) BETWEEN n.born_from AND n.born_to
    JOIN demo_city AS c ON person.d_city BETWEEN c.drawn_from AND c.drawn_to
)

SELECT
    *,
    regexp_replace(lower(strip_accents(first_name || '.' || last_name)), '[^a-z.]', '', 'g')
        || CAST(person % 1000000 AS VARCHAR) AS mailbox
FROM named
