-- Addresses with three soft bounces within some 30 days: suppressed from then on, for ever (S4). An undated one counts in any 30 days.
-- Returns: kind, probe
-- Reads:   suppression_covering
WITH bounce AS (
    SELECT DISTINCT kind, probe, since, event
    FROM suppression_covering
    WHERE reason = 'soft_bounce'
),

undated AS (
    SELECT kind, probe, count(*) AS bounces FROM bounce WHERE since IS NULL GROUP BY kind, probe
),

run AS (
    SELECT
        kind,
        probe,
        since,
        lag(since, 1) OVER (PARTITION BY kind, probe ORDER BY since) AS one_before,
        lag(since, 2) OVER (PARTITION BY kind, probe ORDER BY since) AS two_before
    FROM bounce
    WHERE since IS NOT NULL
),

longest AS (
    SELECT
        kind,
        probe,
        max(
            CASE
                WHEN two_before >= since - INTERVAL '30' DAY THEN 3
                WHEN one_before >= since - INTERVAL '30' DAY THEN 2
                ELSE 1
            END
        ) AS bounces
    FROM run
    GROUP BY kind, probe
),

together AS (
    SELECT kind, probe, bounces FROM longest
    UNION ALL
    SELECT kind, probe, bounces FROM undated
)

SELECT kind, probe
FROM together
GROUP BY kind, probe
HAVING sum(bounces) >= 3
