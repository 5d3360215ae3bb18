-- What each patient's own grants allow before any denial, and when a grant of theirs next changes.
-- Returns: patient, due_at, granted_<word> BIGINT ...
-- Reads:   grant_event
-- Takes:   __granted__ (one aggregate a mask word), and what grant_event takes
SELECT
    patient,
    min(due_at) AS due_at,
    __granted__
FROM grant_event
GROUP BY patient
