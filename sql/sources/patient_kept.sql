-- The patient table of the snapshot: one row a patient, reserved columns typed, the others as text,
-- empty ones NULL. Any deceased_at is a death; `deceased` is one unless it is empty, false, 0 or
-- no.
-- Returns: patient, patient_id, reserved columns, __others__
-- Reads:   raw_patient, identity, patient_broken, patient_duplicate
-- Takes:   __others__
SELECT
    i.patient,
    p.patient_id,
    try_cast(left(p.birth_date, 10) AS DATE) AS birth_date,
    CAST(try_cast(p.age AS DOUBLE) AS INTEGER) AS age,
    p.deceased_at <> '' OR lower(trim(p.deceased)) NOT IN ('', 'false', '0', 'no') AS deceased,
    nullif(p.email, '') AS email,
    nullif(p.phone, '') AS phone,
    nullif(p.postal, '') AS postal,
    nullif(p.first_name, '') AS first_name,
    nullif(p.language, '') AS language,
    __others__
FROM raw_patient AS p
JOIN identity AS i ON i.patient_id = p.patient_id
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
