-- Patients with new consent events.
-- Returns: patient, since BIGINT (their first new event has at least this number)
-- Reads:   consent
-- Takes:   $first_event
SELECT DISTINCT patient, CAST($first_event AS BIGINT) AS since
FROM consent
WHERE event >= $first_event
