-- What each patient last said for every exact (channel, topic) that covers an export; ties all
-- speak, so that the stricter holds. An undated row always speaks. A question without a topic is of
-- all topics.
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
        coalesce(channel, '*') IN ('*', $channel)
        AND (CAST($topic AS VARCHAR) IS NULL OR coalesce(topic, '*') IN ('*', $topic))
),

dated AS (
    SELECT
        patient, channel, topic, allowed, max_contacts, per_days, updated_at,
        max(updated_at) OVER (PARTITION BY patient, channel, topic) AS latest_at
    FROM covering
)

SELECT patient, channel, topic, allowed, max_contacts, per_days
FROM dated
WHERE updated_at IS NULL OR updated_at = latest_at
