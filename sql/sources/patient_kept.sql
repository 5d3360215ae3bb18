-- The patient table of the snapshot: one row a patient, reserved columns typed, the others as text,
-- empty ones NULL. Any deceased_at is a death, and so is `deceased` unless it is a word for alive,
-- and a row of the table of deaths. Of a birth date that is a year, or a year and a month, the last
-- day counts: the youngest age that it may mean.
-- Returns: patient, patient_id, reserved columns, __others__
-- Reads:   raw_patient, identity, death, patient_broken, patient_duplicate
-- Takes:   $alive (words for alive), __others__
SELECT
    i.patient,
    p.patient_id,
    CASE length(p.birth_date)
        WHEN 4 THEN try_cast(p.birth_date || '-12-31' AS DATE)
        WHEN 7
            THEN
                CAST(
                    try_cast(
                        p.birth_date || '-01' AS DATE
                    ) + INTERVAL 1 MONTH - INTERVAL 1 DAY AS DATE
                )
        ELSE try_cast(left(p.birth_date, 10) AS DATE)
    END AS birth_date,
    CAST(try_cast(p.age AS DOUBLE) AS INTEGER) AS age,
    p.deceased_at <> ''
    OR NOT list_contains($alive, lower(trim(p.deceased)))
    OR d.patient IS NOT NULL AS deceased,
    nullif(p.email, '') AS email,
    nullif(p.phone, '') AS phone,
    nullif(p.postal, '') AS postal,
    nullif(p.first_name, '') AS first_name,
    nullif(p.language, '') AS language,
    __others__
FROM raw_patient AS p
JOIN identity AS i ON i.patient_id = p.patient_id
LEFT JOIN death AS d ON d.patient = i.patient
ANTI JOIN patient_broken AS b ON b.raw_row = p.raw_row
ANTI JOIN (
    SELECT d.raw_row
    FROM (
        SELECT raw_row, row_number() OVER (PARTITION BY patient_id ORDER BY raw_row) AS place
        FROM raw_patient
        SEMI JOIN patient_duplicate USING (patient_id)
    ) AS d
    WHERE d.place > 1
) AS again ON again.raw_row = p.raw_row
