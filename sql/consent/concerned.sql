-- Patients whose own facts or events call for a new decision from all of their events.
-- Returns: patient
-- Reads:   changed, changed_known, previous_person, previous_newest_denial, previous_newest_grant,
--          relinked, erased, previous_erasures
-- Takes:   $until (the moment up to which due patients are decided again)
SELECT patient FROM changed WHERE since IS NULL
UNION ALL
(
    SELECT patient FROM changed
    EXCEPT
    SELECT patient FROM changed_known
)
UNION ALL
SELECT patient FROM previous_person WHERE due_at <= $until
UNION ALL
SELECT human AS patient FROM previous_newest_denial WHERE due_at <= $until
UNION ALL
SELECT patient FROM previous_newest_grant WHERE due_at <= $until
UNION ALL
SELECT patient FROM relinked
UNION ALL
(
    SELECT patient FROM erased
    EXCEPT
    SELECT patient FROM previous_erasures
)
UNION ALL
(
    SELECT patient FROM previous_erasures
    EXCEPT
    SELECT patient FROM erased
)
