-- What each patient's own grants allow before any denial, and when a grant of theirs next changes.
-- Returns: patient, due_at, granted_<word> BIGINT
-- Reads:   newest_grant
-- Takes:   __granted__ (one aggregate a mask word)
SELECT
    patient,
    min(due_at) AS due_at,
    __granted__
FROM newest_grant
GROUP BY patient
