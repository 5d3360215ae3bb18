-- The gate: who may be used for a request, one row a human (C13).
-- Returns: patient, dim_<name>
-- Reads:   kin, person
-- Takes:   __alone__ (may be used, and linked to nobody), __allowed__ (may be used), __dimensions__
--          (codes)
WITH first_of_kin AS (
    SELECT
        grp,
        min(place) AS place
    FROM kin
    WHERE __allowed__
    GROUP BY grp
)

SELECT
    patient,
    __dimensions__
FROM person
WHERE __alone__
UNION ALL
SELECT
    patient,
    __dimensions__
FROM kin
WHERE (grp, place) IN (SELECT first_of_kin.grp, first_of_kin.place FROM first_of_kin)
