-- The stays of the demo clinic: one row a stay; most patients have one or two, a few have dozens.
-- Returns: stay_id, patient_id, entered_on, left_on, nights, department (all text)
-- Reads:   demo_draw, demo_patient
-- Takes:   $seed, $today
WITH counted AS (
    SELECT
        d.i, d.patient_id, p.sex, try_cast(p.birth_date AS DATE) AS birth_date,
        CASE
            WHEN d_stays < 130 THEN 0
            WHEN d_stays < 580 THEN 1
            WHEN d_stays < 780 THEN 2
            WHEN d_stays < 920 THEN 3 + d_stays % 2
            WHEN d_stays < 990 THEN 5 + d_stays % 8
            ELSE 15 + d_stays % 10 * 6
        END AS stays
    FROM demo_draw AS d
    JOIN demo_patient AS p ON p.patient_id = d.patient_id
),

drawn AS (
    SELECT
        i, patient_id, sex, birth_date, n,
        CAST(hash(hash($seed, i, n, 'entry')) % 1400 AS INTEGER) AS d_entry,
        CAST(hash(hash($seed, i, n, 'ward')) % 100 AS INTEGER) AS d_ward,
        CAST(hash(hash($seed, i, n, 'nights')) % 100 AS INTEGER) AS d_nights
    FROM (SELECT *, unnest(generate_series(1, stays)) AS n FROM counted WHERE stays > 0)
),

dated AS (
    SELECT
        *,
        CAST($today AS DATE) - 1 - d_entry AS entered_on,
        CASE
            WHEN d_nights < 40 THEN 0
            WHEN d_nights < 62 THEN 1
            WHEN d_nights < 75 THEN 2
            WHEN d_nights < 86 THEN 3 + d_nights % 2
            WHEN d_nights < 96 THEN 5 + d_nights % 5
            ELSE 12 + d_nights % 4 * 5
        END AS nights
    FROM drawn
)

SELECT
    'S' || lpad(CAST(i AS VARCHAR), 8, '0') || '-' || CAST(n AS VARCHAR) AS stay_id,
    patient_id,
    strftime(entered_on, '%Y-%m-%d') AS entered_on,
    strftime(entered_on + CAST(nights AS INTEGER), '%Y-%m-%d') AS left_on,
    CAST(nights AS VARCHAR) AS nights,
    CASE
        WHEN birth_date > entered_on - 6570 THEN 'pediatrie'
        WHEN sex = 'F' AND birth_date > entered_on - 16000 AND d_ward < 40 THEN 'maternite'
        WHEN d_ward < 30 THEN 'chirurgie_ambulatoire'
        WHEN d_ward < 52 THEN 'chirurgie'
        WHEN d_ward < 68 THEN 'medecine'
        WHEN d_ward < 80 THEN 'cardiologie'
        WHEN d_ward < 90 THEN 'oncologie'
        ELSE 'urgences'
    END AS department
FROM dated
WHERE birth_date IS NULL OR birth_date <= entered_on
ORDER BY i, n
