-- Of those who changed, the ones that the state before has a row of. Who is named twice there is
-- named twice here.
-- Returns: patient
-- Reads:   previous_person, changed
SELECT person.patient
FROM previous_person AS person
JOIN changed ON changed.patient = person.patient
