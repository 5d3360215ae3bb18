-- Consent events under C10: unknown state, unreadable date, undeclared purpose, channel, topic or
-- category.
-- Returns: event, reason
-- Reads:   consent, state_kind
-- Takes:   $first_event, $purposes, $channels, $topics, $categories (lists of what the policy
--          declares)
SELECT event, reason
FROM (
    SELECT
        said.event,
        CASE
            WHEN known.state IS NULL THEN 'unknown state'
            WHEN dates % 16 IN (1, 3, 5, 7, 9, 11, 13, 15) THEN 'effective_at is unreadable'
            WHEN dates % 16 IN (2, 6, 10, 14) THEN 'recorded_at is unreadable'
            WHEN dates % 16 IN (4, 12) THEN 'confirmed_at is unreadable'
            WHEN dates % 16 = 8 THEN 'valid_until is unreadable'
            WHEN NOT list_contains($purposes, purpose) THEN 'undeclared purpose'
            WHEN NOT list_contains($channels, channel) THEN 'undeclared channel'
            WHEN NOT list_contains($topics, topic) THEN 'undeclared topic'
            WHEN NOT list_contains($categories, category) THEN 'undeclared category'
        END AS reason
    FROM consent AS said
    LEFT JOIN state_kind AS known ON known.state = said.state
    WHERE said.event >= $first_event
) AS judged
WHERE reason IS NOT NULL
