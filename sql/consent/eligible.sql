-- The gate: who may be used for a request, one row a human (C13).
-- Returns: patient, dim_<name>
-- Reads:   linked_patient, person
-- Takes:   __alone__ (may be used, and linked to nobody), __allowed__ (may be used), __dimensions__
--          (codes)
WITH representative AS (
    SELECT
        grp,
        min(place) AS place
    FROM linked_patient
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
FROM linked_patient
WHERE (grp, place) IN (SELECT representative.grp, representative.place FROM representative)
