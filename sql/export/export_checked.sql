-- Each member with the first reason it is not exported for; they sum exactly. 7 duplicate_address: of one address the smallest
-- patient_id (as text) that passed everything else is kept. 8 holdout, last: a keyed hash of experiment and patient_id below the share.
-- Returns: patient, patient_id, pseudonym, address, reason (0: exported)
-- Reads:   export_considered
-- Takes:   $inner, $outer (HMAC pads), $experiment, $held_below (share of 2 to the 60th)
WITH keeper AS (
    SELECT address, min(patient_id) AS patient_id
    FROM export_considered
    WHERE reason = 0
    GROUP BY address
    HAVING count(*) > 1
)

SELECT
    x.patient,
    x.patient_id,
    x.pseudonym,
    x.address,
    CAST(
        CASE
            WHEN x.reason > 0 THEN x.reason
            WHEN k.patient_id <> x.patient_id THEN 7
            WHEN $held_below = 0 THEN 0
            WHEN
                CAST('0x' || left(sha256($outer || unhex(sha256($inner || encode($experiment || x.patient_id)))), 15) AS BIGINT)
                < $held_below
                THEN 8
            ELSE 0
        END AS SMALLINT
    ) AS reason
FROM export_considered AS x
LEFT JOIN keeper AS k ON x.address = k.address
