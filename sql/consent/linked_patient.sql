-- The linked patients of the state, in the order in which one of them may stand for the human:
-- smallest patient_id first, as text (C13).
-- Returns: person's columns, place BIGINT (1 is the first of its group)
-- Reads:   person, identity
SELECT
    person.*,
    row_number() OVER (PARTITION BY person.grp ORDER BY identity.patient_id) AS place
FROM person
JOIN identity ON identity.patient = person.patient
WHERE person.grp IS NOT NULL
