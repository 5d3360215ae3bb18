-- Mailboxes of the members against whom nothing stands but the list, the holdout or a duplicate:
-- one row an address, with what becomes of it. 0: somebody at it is exported, 8: held back, 2:
-- suppressed.
-- Returns: address, reason, people
-- Reads:   export_checked, reach, preferring(patient), capped(patient)
-- Takes:   $identifier
WITH open_member AS (
    SELECT x.address, x.reason
    FROM export_checked AS x
    JOIN (SELECT patient FROM reach WHERE kind = $identifier AND valid) AS r
        ON x.patient = r.patient
    LEFT ANTI JOIN preferring AS p ON x.patient = p.patient
    LEFT ANTI JOIN capped AS k ON x.patient = k.patient
    WHERE x.reason IN (0, 2, 7, 8)
)

SELECT
    address,
    CASE
        WHEN bool_or(reason = 0) THEN 0
        WHEN bool_or(reason = 8) THEN 8
        ELSE 2
    END AS reason,
    count(*) AS people
FROM open_member
GROUP BY address
