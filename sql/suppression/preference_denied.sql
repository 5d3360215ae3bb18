-- Patients whose speaking preferences say no to an export. An empty `allowed` says nothing.
-- Returns: patient (once)
-- Reads:   preference_speaking
SELECT DISTINCT patient
FROM preference_speaking
WHERE NOT allowed
