-- Denials with the later moment that a local time may be, in the hour that comes twice or never
-- when clocks change; the date itself is the earlier one. They are apart by the difference of the
-- offsets of the days before and after.
-- Returns: denial_row's columns, effective_later, recorded_later, confirmed_later, valid_later
--          TIMESTAMP (NULL if the date is one moment)
-- Reads:   denial_row
-- Takes:   $time_zone
SELECT
    *,
    CASE WHEN effective_twice THEN greatest(
        effective_at - INTERVAL 2 DAY + (
            timezone($time_zone, timezone('UTC', effective_at + INTERVAL 1 DAY))
            - timezone($time_zone, timezone('UTC', effective_at - INTERVAL 1 DAY))
        ),
        effective_at + INTERVAL 2 DAY - (
            timezone($time_zone, timezone('UTC', effective_at + INTERVAL 1 DAY))
            - timezone($time_zone, timezone('UTC', effective_at - INTERVAL 1 DAY))
        )
    ) END AS effective_later,
    CASE WHEN recorded_twice THEN greatest(
        recorded_at - INTERVAL 2 DAY + (
            timezone($time_zone, timezone('UTC', recorded_at + INTERVAL 1 DAY))
            - timezone($time_zone, timezone('UTC', recorded_at - INTERVAL 1 DAY))
        ),
        recorded_at + INTERVAL 2 DAY - (
            timezone($time_zone, timezone('UTC', recorded_at + INTERVAL 1 DAY))
            - timezone($time_zone, timezone('UTC', recorded_at - INTERVAL 1 DAY))
        )
    ) END AS recorded_later,
    CASE WHEN confirmed_twice THEN greatest(
        confirmed_at - INTERVAL 2 DAY + (
            timezone($time_zone, timezone('UTC', confirmed_at + INTERVAL 1 DAY))
            - timezone($time_zone, timezone('UTC', confirmed_at - INTERVAL 1 DAY))
        ),
        confirmed_at + INTERVAL 2 DAY - (
            timezone($time_zone, timezone('UTC', confirmed_at + INTERVAL 1 DAY))
            - timezone($time_zone, timezone('UTC', confirmed_at - INTERVAL 1 DAY))
        )
    ) END AS confirmed_later,
    CASE WHEN valid_twice THEN greatest(
        valid_until - INTERVAL 2 DAY + (
            timezone($time_zone, timezone('UTC', valid_until + INTERVAL 1 DAY))
            - timezone($time_zone, timezone('UTC', valid_until - INTERVAL 1 DAY))
        ),
        valid_until + INTERVAL 2 DAY - (
            timezone($time_zone, timezone('UTC', valid_until + INTERVAL 1 DAY))
            - timezone($time_zone, timezone('UTC', valid_until - INTERVAL 1 DAY))
        )
    ) END AS valid_later
FROM denial_row
