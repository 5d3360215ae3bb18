-- Patient ids that no snapshot had before, each with the next free number, in text order.
-- Returns: patient, patient_id
-- Reads:   identity, seen (patient_id)
SELECT
    (
        SELECT coalesce(max(patient), 0) FROM identity
    ) + row_number() OVER (ORDER BY fresh.patient_id) AS patient,
    fresh.patient_id
FROM (
    SELECT DISTINCT s.patient_id
    FROM seen AS s
    ANTI JOIN identity AS i ON i.patient_id = s.patient_id
    WHERE s.patient_id <> ''
) AS fresh
