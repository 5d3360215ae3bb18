-- Each member with the first reason it is not exported for; they sum exactly. 7 duplicate_address:
-- of one address the smallest patient_id (as text) that passed everything else is kept. 8 holdout,
-- last: a keyed hash of experiment and patient_id below the share.
-- Returns: patient, pseudonym, address, reason (0: exported)
-- Reads:   export_twin, export_considered, export_held
WITH keeper AS (
    SELECT address, min(patient_id) AS patient_id
    FROM export_twin
    GROUP BY address
)

SELECT
    x.patient,
    x.pseudonym,
    x.address,
    CAST(
        CASE
            WHEN x.reason > 0 THEN x.reason
            WHEN k.patient_id <> t.patient_id THEN 7
            WHEN h.patient IS NOT NULL THEN 8
            ELSE 0
        END AS SMALLINT
    ) AS reason
FROM export_considered AS x
LEFT JOIN export_twin AS t ON x.patient = t.patient
LEFT JOIN keeper AS k ON t.address = k.address
LEFT JOIN export_held AS h ON x.patient = h.patient
