-- Humans of whom at least one id may be used (C13): by the group's smallest patient, else the
-- patient itself.
-- Returns: human
-- Reads:   person
-- Takes:   __allowed__
SELECT DISTINCT coalesce(grp, patient) AS human
FROM person
WHERE __allowed__
