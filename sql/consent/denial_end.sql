-- Denials with the last moment of each of their dates: a bare date lasts until the next local
-- midnight, a local time that may be one of two moments until the later one, any other is over when
-- it begins.
-- Returns: denial_later's columns, effective_end, and of a quarantined row recorded_end,
--          confirmed_end, valid_end
-- Reads:   denial_later
-- Takes:   $time_zone
SELECT
    *,
    CASE
        WHEN effective_bare
            THEN
                timezone('UTC', timezone($time_zone, CAST(
                    CAST(
                        timezone($time_zone, timezone('UTC', effective_at)) AS DATE
                    ) + 1 AS TIMESTAMP
                )))
        WHEN effective_twice THEN effective_later
        ELSE effective_at
    END AS effective_end,
    CASE
        WHEN quarantined AND recorded_bare
            THEN
                timezone('UTC', timezone($time_zone, CAST(
                    CAST(
                        timezone($time_zone, timezone('UTC', recorded_at)) AS DATE
                    ) + 1 AS TIMESTAMP
                )))
        WHEN quarantined AND recorded_twice THEN recorded_later
        ELSE recorded_at
    END AS recorded_end,
    CASE
        WHEN quarantined AND confirmed_bare
            THEN
                timezone('UTC', timezone($time_zone, CAST(
                    CAST(
                        timezone($time_zone, timezone('UTC', confirmed_at)) AS DATE
                    ) + 1 AS TIMESTAMP
                )))
        WHEN quarantined AND confirmed_twice THEN confirmed_later
        ELSE confirmed_at
    END AS confirmed_end,
    CASE
        WHEN quarantined AND valid_bare
            THEN
                timezone('UTC', timezone($time_zone, CAST(
                    CAST(
                        timezone($time_zone, timezone('UTC', valid_until)) AS DATE
                    ) + 1 AS TIMESTAMP
                )))
        WHEN quarantined AND valid_twice THEN valid_later
        ELSE valid_until
    END AS valid_end
FROM denial_later
