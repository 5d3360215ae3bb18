-- What each patient last said for every exact (channel, topic) that covers an export; ties all
-- speak, so that the stricter holds. An undated row always speaks. A question without a topic is of
-- all topics. A row on an undeclared scope (with a `?`) covers every export, the widest that it may
-- mean, until a later row of the same scope or a wider one speaks.
-- Returns: patient, channel, topic ('*' = all), allowed, max_contacts, per_days
-- Reads:   preference
-- Takes:   $channel, $topic (may be null)
WITH covering AS (
    SELECT
        patient,
        coalesce(channel, '*') AS channel,
        coalesce(topic, '*') AS topic,
        allowed,
        max_contacts,
        per_days,
        updated_at
    FROM preference
    WHERE
        (coalesce(channel, '*') IN ('*', $channel) OR channel LIKE '?%')
        AND (
            CAST($topic AS VARCHAR) IS NULL
            OR coalesce(topic, '*') IN ('*', $topic)
            OR topic LIKE '?%'
        )
),

dated AS (
    SELECT
        patient, channel, topic, allowed, max_contacts, per_days, updated_at,
        max(updated_at) OVER (PARTITION BY patient, channel, topic) AS latest_at
    FROM covering
)

SELECT d.patient, d.channel, d.topic, d.allowed, d.max_contacts, d.per_days
FROM dated AS d
LEFT ANTI JOIN covering AS later
    ON
        d.patient = later.patient
        AND (d.channel LIKE '?%' OR d.topic LIKE '?%')
        AND later.channel IN ('*', d.channel)
        AND later.topic IN ('*', d.topic)
        AND later.updated_at > d.updated_at
WHERE d.updated_at IS NULL OR d.updated_at = d.latest_at
