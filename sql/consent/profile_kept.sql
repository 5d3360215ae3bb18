-- The dimensions of those who are being decided, as the state before has them.
-- Returns: patient, dim_<name> SMALLINT
-- Reads:   previous_person, deciding
-- Takes:   __dimensions__
SELECT
    earlier.patient,
    __dimensions__
FROM previous_person AS earlier
JOIN deciding ON deciding.patient = earlier.patient
