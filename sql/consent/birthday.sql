-- The next birthday of each patient that may change a decision or an age band: the local midnight
-- it begins at. Who is born on 29 February comes of age on 1 March in a common year.
-- Returns: patient, due_at
-- Reads:   patient_now, next_bound
-- Takes:   $time_zone
WITH turning AS (
    SELECT
        patient.patient,
        make_date(
            year(patient.birth_date) + CAST(bound.bound AS INTEGER),
            CASE
                WHEN month(patient.birth_date) = 2 AND day(patient.birth_date) = 29 THEN 3
                ELSE month(patient.birth_date)
            END,
            CASE
                WHEN month(patient.birth_date) = 2 AND day(patient.birth_date) = 29 THEN 1
                ELSE day(patient.birth_date)
            END
        ) AS turns_on,
        month(patient.birth_date) = 2 AND day(patient.birth_date) = 29 AS leap_born
    FROM patient_now AS patient
    JOIN next_bound AS bound ON bound.age = patient.age_now
    WHERE patient.birth_date IS NOT NULL
)

SELECT
    patient,
    timezone('UTC', timezone($time_zone, CAST(
        CASE
            WHEN leap_born AND day(turns_on - 1) = 29 THEN turns_on - 1
            ELSE turns_on
        END AS TIMESTAMP
    ))) AS due_at
FROM turning
