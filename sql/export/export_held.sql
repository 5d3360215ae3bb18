-- Members held back by an experiment: a keyed hash of its name and their patient_id below the
-- share.
-- Returns: patient
-- Reads:   export_considered, identity
-- Takes:   $inner, $outer (HMAC pads), $experiment, $held_below (share of 2 to the 60th)
SELECT x.patient
FROM export_considered AS x
JOIN identity AS i ON x.patient = i.patient
WHERE
    x.reason = 0
    AND CAST(
        '0x'
            || left(
                sha256($outer || unhex(sha256($inner || encode($experiment || i.patient_id)))), 15
            ) AS BIGINT
    ) < $held_below
