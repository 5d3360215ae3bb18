-- The members of one registered export as contacts made.
-- Returns: patient, exported_at, channel, topic
-- Reads:   registered(patient)
-- Takes:   $exported_at, $channel, $topic
SELECT
    patient,
    CAST($exported_at AS TIMESTAMP) AS exported_at,
    CAST($channel AS VARCHAR) AS channel,
    CAST($topic AS VARCHAR) AS topic
FROM registered
