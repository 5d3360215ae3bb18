-- The dimensions of the touched as the state before has them.
-- Returns: patient, dim_<name> SMALLINT
-- Reads:   previous_person, touched
-- Takes:   __dimensions__
SELECT
    earlier.patient,
    __dimensions__
FROM previous_person AS earlier
JOIN touched ON touched.patient = earlier.patient
