-- Addresses with three soft bounces within some 30 days: suppressed from then on, for ever (S4). An
-- undated one counts in any 30 days; one message's retries (one event) are one bounce.
-- Returns: kind, probe
-- Reads:   soft_bounce(kind, probe, since, event)
WITH often AS (
    SELECT probe FROM soft_bounce GROUP BY probe HAVING count(*) >= 3
),

bounce AS (
    SELECT b.kind, b.probe, min(b.since) AS since, b.event
    FROM soft_bounce AS b
    LEFT SEMI JOIN often AS o ON b.probe = o.probe
    GROUP BY b.kind, b.probe, b.event, CASE WHEN b.event IS NULL THEN b.since END
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
