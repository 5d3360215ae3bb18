-- What denials forbid each patient after every lift (C7, C9, C10).
-- Returns: patient, denied_<word> BIGINT
-- Reads:   unlifted
-- Takes:   __denied__ (one aggregate a mask word)
SELECT
    patient,
    __denied__
FROM unlifted
GROUP BY patient
