-- Of those who changed, the ones that the state before has a row of.
-- Returns: patient
-- Reads:   previous_person, changed
SELECT person.patient
FROM previous_person AS person
JOIN (SELECT DISTINCT patient FROM changed) AS one ON one.patient = person.patient
