-- A state that follows from the one before: what stays as it was decided, and what was decided
-- again.
-- Returns: person's columns
-- Reads:   previous_person, touched, decided_again
SELECT *
FROM previous_person
WHERE patient NOT IN (SELECT touched.patient FROM touched)
UNION ALL
SELECT *
FROM decided_again
