-- The codes of the dimensions over one fact table, beside the codes found so far. A patient without
-- facts has count 0, other measures unknown.
-- Returns: profile_before's columns, dim_<name> SMALLINT
-- Reads:   profile_before (a profile so far), fact_reduction
-- Takes:   __dimensions__ (one CASE a dimension)
SELECT
    earlier.*,
    __dimensions__
FROM profile_before AS earlier
LEFT JOIN fact_reduction AS reduced ON reduced.patient = earlier.patient
