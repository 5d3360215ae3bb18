-- Patients below 15, whose grants must be joint (C11). With a min_age of 15 or more they are
-- refused anyway.
-- Returns: patient
-- Reads:   patient_now
SELECT patient
FROM patient_now
WHERE age_now < 15
