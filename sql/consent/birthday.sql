-- The next birthday of each patient that may change a decision or an age band: the local midnight
-- that it begins at. Who is born on 29 February comes of age on 1 March in a common year.
-- Returns: patient, due_at
-- Reads:   patient_now, next_bound
-- Takes:   $time_zone
WITH turning AS (
    SELECT
        patient.patient,
        month(patient.birth_date) = 2 AND day(patient.birth_date) = 29 AS leap_born,
        year(patient.birth_date) + CAST(bound.bound AS INTEGER) AS turns_in,
        patient.birth_date
    FROM patient_now AS patient
    JOIN next_bound AS bound ON bound.age = patient.age_now
    WHERE patient.birth_date IS NOT NULL
),

common_year AS (
    SELECT
        patient,
        leap_born,
        make_date(
            turns_in,
            CASE WHEN leap_born THEN 3 ELSE month(birth_date) END,
            CASE WHEN leap_born THEN 1 ELSE day(birth_date) END
        ) AS turns_on
    FROM turning
)

SELECT
    patient,
    timezone('UTC', timezone($time_zone, CAST(
        CASE WHEN leap_born AND day(turns_on - 1) = 29 THEN turns_on - 1 ELSE turns_on END
        AS TIMESTAMP
    ))) AS due_at
FROM common_year
