-- The gate if no patient is linked to another: `eligible` without the part that chooses among the
-- ids of one human.
-- Returns: patient, dim_<name>
-- Reads:   person
-- Takes:   __alone__ (may be used, and linked to nobody), __dimensions__ (codes)
SELECT
    patient,
    __dimensions__
FROM person
WHERE __alone__
