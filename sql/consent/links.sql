-- The links that a state was decided with.
-- Returns: patient, grp, size
-- Reads:   link_group
SELECT
    patient,
    grp,
    size
FROM link_group
