-- A state that follows from the one before: who stays as they were decided, and who was decided
-- again.
-- Returns: person's columns
-- Reads:   previous_person, deciding, decided_again
SELECT *
FROM previous_person
WHERE patient NOT IN (SELECT deciding.patient FROM deciding)
UNION ALL
SELECT *
FROM decided_again
