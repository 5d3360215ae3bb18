-- The codes of the dimensions over one fact table, beside the codes found so far. A patient without
-- facts has count 0, other measures unknown.
-- Returns: the columns of __before__, dim_<name> SMALLINT
-- Reads:   __before__ (a profile so far), fact_reduction
-- Takes:   __dimensions__ (one CASE a dimension)
SELECT
    earlier.*,
    __dimensions__
FROM __before__ AS earlier
LEFT JOIN fact_reduction AS reduced ON reduced.patient = earlier.patient
