-- The funnel, one line a mailbox: what becomes of it, and whether the previous export had it.
-- Whoever shares a mailbox with another member is a duplicate (7), and whatever else stands against
-- somebody is told of that person alone, as if there were no list. So one human moves one mailbox
-- from one line to another and takes one duplicate away (P16). Also (-1) addresses of the previous
-- export at which there is no mailbox now. Exact, so confidential.
-- Returns: reason, before, people
-- Reads:   export_before(address), export_checked, preferring, capped, reach, export_mailbox
-- Takes:   $identifier
WITH earlier AS (
    SELECT DISTINCT address FROM export_before
),

own AS (
    SELECT
        x.patient,
        CASE
            WHEN x.reason = 1 THEN 1
            WHEN p.patient IS NOT NULL THEN 3
            WHEN k.patient IS NOT NULL THEN 4
            WHEN r.patient IS NULL THEN 5
            WHEN NOT coalesce(r.valid, FALSE) THEN 6
            ELSE 0
        END AS reason
    FROM export_checked AS x
    LEFT JOIN (SELECT DISTINCT patient FROM preferring) AS p ON x.patient = p.patient
    LEFT JOIN (SELECT DISTINCT patient FROM capped) AS k ON x.patient = k.patient
    LEFT JOIN (SELECT patient, valid FROM reach WHERE kind = $identifier) AS r
        ON x.patient = r.patient
)

SELECT m.reason, e.address IS NOT NULL AS before, count(*) AS people
FROM export_mailbox AS m
LEFT JOIN earlier AS e ON m.address = e.address
GROUP BY m.reason, e.address IS NOT NULL
UNION ALL
SELECT 7 AS reason, FALSE AS before, CAST(coalesce(sum(people - 1), 0) AS BIGINT) AS people
FROM export_mailbox
UNION ALL
SELECT reason, FALSE AS before, count(*) AS people
FROM own
WHERE reason > 0
GROUP BY reason
UNION ALL
SELECT -1 AS reason, TRUE AS before, count(*) AS people
FROM earlier AS e
LEFT ANTI JOIN export_mailbox AS m ON e.address = m.address
