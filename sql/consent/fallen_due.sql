-- Whether anyone has to be decided again: who falls due until a moment, or was erased since.
-- Returns: one row, due BOOLEAN
-- Reads:   previous_person, erased, previous_erasures
-- Takes:   $until
SELECT count(*) > 0 AS due
FROM (
    SELECT patient FROM previous_person WHERE due_at <= $until
    UNION ALL
    (
        SELECT patient FROM erased
        EXCEPT
        SELECT patient FROM previous_erasures
    )
) AS again
