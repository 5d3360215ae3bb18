-- Whether anyone falls due until a moment.
-- Returns: one row, due BOOLEAN
-- Reads:   previous_person
-- Takes:   $until
SELECT count(*) > 0 AS due
FROM previous_person
WHERE due_at <= $until
