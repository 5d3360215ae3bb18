-- The rows of one fact table reduced to one row a patient (P9), before anything is counted.
-- Returns: patient, measure_<n>
-- Reads:   fact (a fact table)
-- Takes:   __measures__ (one aggregate a dimension)
SELECT
    patient,
    __measures__
FROM fact
GROUP BY patient
