-- One row a patient of the demo clinic, with the dice that everything else of them is read from. A
-- registration twice (1 in 60) has the dice of the human registered just before. Dice are hashed
-- twice: hashes of several values share their low bits, so that one throw would tell another.
-- Returns: i, patient_id, person (the human, by number), d_<what> INTEGER (a throw each)
-- Takes:   $seed, $patients
SELECT
    i,
    'P' || lpad(CAST(i AS VARCHAR), 8, '0') AS patient_id,
    person,
    CAST(hash(hash($seed, person, 'sex')) % 100 AS INTEGER) AS d_sex,
    CAST(hash(hash($seed, person, 'age')) % 1000 AS INTEGER) AS d_age,
    CAST(hash(hash($seed, person, 'day')) % 365 AS INTEGER) AS d_day,
    CAST(hash(hash($seed, person, 'first')) % 997 AS INTEGER) AS d_first,
    CAST(hash(hash($seed, person, 'last')) % 991 AS INTEGER) AS d_last,
    CAST(hash(hash($seed, person, 'city')) % 100 AS INTEGER) AS d_city,
    CAST(hash(hash($seed, person, 'street')) % 9973 AS INTEGER) AS d_street,
    CAST(hash(hash($seed, person, 'regime')) % 100 AS INTEGER) AS d_regime,
    CAST(hash(hash($seed, i, 'email')) % 1000 AS INTEGER) AS d_email,
    CAST(hash(hash($seed, i, 'phone')) % 1000 AS INTEGER) AS d_phone,
    CAST(hash(hash($seed, i, 'number')) % 10000 AS INTEGER) AS d_number,
    CAST(hash(hash($seed, i, 'death')) % 1000 AS INTEGER) AS d_death,
    CAST(hash(hash($seed, i, 'stays')) % 1000 AS INTEGER) AS d_stays,
    CAST(hash(hash($seed, i, 'story')) % 1000 AS INTEGER) AS d_story,
    CAST(hash(hash($seed, i, 'moment')) % 1000000 AS INTEGER) AS d_moment,
    CAST(hash(hash($seed, i, 'list')) % 1000 AS INTEGER) AS d_list
FROM (
    SELECT n AS i, CASE WHEN n % 60 = 7 THEN n - 1 ELSE n END AS person
    FROM generate_series(1, $patients) AS numbers (n)
)
