-- The patients of the demo clinic, as its own register would hand them over: one row an id, all text.
-- Reads: demo_draw, demo_first_name, demo_city. Takes: $seed, $patients, $today. Addresses are in domains and number ranges kept for fiction.
WITH person AS (
  SELECT
    *,
    CASE WHEN d_sex < 53 THEN 'F' ELSE 'M' END AS sex,
    CAST(CAST($today AS DATE) - CAST(d_day + 365.25 * CASE
      WHEN d_age < 70 THEN d_age / 4.2
      WHEN d_age < 300 THEN 17 + (d_age - 70) / 12.0
      WHEN d_age < 800 THEN 36 + (d_age - 300) / 13.0
      ELSE 74 + (d_age - 800) / 9.5 END AS INTEGER) AS DATE) AS birth_date,
    list_extract(['Le Goff', 'Le Gall', 'Kerbrat', 'Morvan', 'Riou', 'Abgrall', 'Salaün', 'Martin', 'Benali', 'Floc''h', 'Cadiou', 'Petton',
      'Diallo', 'Rolland', 'Tanguy', 'Nicolas', 'Quéré', 'Jaouen', 'Moreau', 'Nguyen'], CAST(1 + d_last % 20 AS BIGINT)) AS last_name,
    list_extract(['rue de Siam', 'rue Jean Jaurès', 'rue du Port', 'place de la Liberté', 'rue de l''Église', 'route de la Corniche',
      'impasse des Ajoncs', 'rue des Capucins'], CAST(1 + d_street % 8 AS BIGINT)) AS street
  FROM demo_draw
), named AS (
  SELECT person.*, list_extract(n.names, CAST(1 + d_first % 10 AS BIGINT)) AS first_name, c.city, c.postcode
  FROM person
  JOIN demo_first_name AS n ON n.sex = person.sex AND year(person.birth_date) BETWEEN n.born_from AND n.born_to
  JOIN demo_city AS c ON person.d_city BETWEEN c.drawn_from AND c.drawn_to
), spelt AS (
  SELECT
    *,
    regexp_replace(lower(strip_accents(first_name || '.' || last_name)), '[^a-z.]', '', 'g') || CAST(person % 1000000 AS VARCHAR) AS mailbox
  FROM named
)
SELECT
  patient_id, first_name, last_name, sex,
  CASE WHEN d_email = 500 THEN strftime(birth_date, '%d.%m.%y') ELSE strftime(birth_date, '%Y-%m-%d') END AS birth_date,
  CASE WHEN d_regime < 68 THEN 'RG' WHEN d_regime < 78 THEN 'MSA' WHEN d_regime < 86 THEN 'SSI' WHEN d_regime < 94 THEN 'CSS'
    WHEN d_regime < 97 THEN 'AME' ELSE '' END AS regime,
  city,
  CAST(1 + d_street % 180 AS VARCHAR) || ' ' || street || ', ' || postcode || ' ' || city AS postal,
  CASE
    WHEN d_email < 80 THEN ''
    WHEN d_email < 84 THEN mailbox || '@courriel'
    WHEN d_email < 100 THEN upper(mailbox) || '@COURRIEL.EXAMPLE'
    WHEN d_email < 130 THEN ' ' || mailbox || '@boite.example '
    ELSE mailbox || '@' || list_extract(['courriel.example', 'boite.example', 'example.org', 'example.net'], CAST(1 + d_email % 4 AS BIGINT))
  END AS email,
  CASE
    WHEN d_phone < 150 THEN ''
    WHEN d_phone < 600 THEN '06 39 98 ' || lpad(CAST(d_number // 100 AS VARCHAR), 2, '0') || ' ' || lpad(CAST(d_number % 100 AS VARCHAR), 2, '0')
    ELSE '+3363998' || lpad(CAST(d_number AS VARCHAR), 4, '0')
  END AS phone,
  CASE WHEN d_first % 50 = 0 THEN 'en' WHEN d_first % 50 = 1 THEN 'br' ELSE 'fr' END AS language,
  CASE WHEN d_death < 12 AND d_age > 500 THEN strftime(CAST($today AS DATE) - CAST(d_moment % 700 AS INTEGER), '%Y-%m-%d') ELSE '' END AS deceased_at
FROM spelt
ORDER BY i
