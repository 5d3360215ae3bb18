-- Patients of whom the patient files have a row, be it one that is set aside.
-- Returns: patient (once)
-- Reads:   patient, aside
SELECT patient FROM patient
UNION
SELECT patient FROM aside
