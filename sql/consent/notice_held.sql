-- Humans who are eligible now, by the newest notice among the grants that make them so, and whether
-- they lapse before a date.
-- Returns: patient (the human), dim_notice SMALLINT (0 is the oldest notice in force), dim_ask
--          SMALLINT (0: before the date, 1: not)
-- Reads:   grant_event, person, human_then (who is still eligible at the date)
-- Takes:   $least_notice (the place of the oldest notice in force), __serves__ (the grant makes the
--          patient eligible)
WITH held AS (
    SELECT
        coalesce(person.grp, person.patient) AS human,
        max(event.notice) AS notice
    FROM grant_event AS event
    JOIN person ON person.patient = event.patient
    WHERE __serves__
    GROUP BY coalesce(person.grp, person.patient)
)

SELECT
    held.human AS patient,
    CAST(held.notice - $least_notice AS SMALLINT) AS dim_notice,
    CAST(CASE WHEN later.human IS NULL THEN 0 ELSE 1 END AS SMALLINT) AS dim_ask
FROM held
LEFT JOIN human_then AS later ON later.human = held.human
