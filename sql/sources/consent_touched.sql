-- Patients with new consent events.
-- Returns: patient. Reads: consent. Takes: $first_event.
SELECT DISTINCT patient FROM consent WHERE event >= $first_event
