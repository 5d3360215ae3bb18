-- Denials with the last moment of each of their dates: a bare date lasts until the next local
-- midnight, any other is over when it begins.
-- Returns: denial_row's columns, effective_end, and of a quarantined row recorded_end,
--          confirmed_end, valid_end
-- Reads:   denial_row
-- Takes:   $time_zone
SELECT
    *,
    CASE
        WHEN NOT effective_bare THEN effective_at
        ELSE timezone('UTC', timezone($time_zone, CAST(
            CAST(timezone($time_zone, timezone('UTC', effective_at)) AS DATE) + 1 AS TIMESTAMP
        )))
    END AS effective_end,
    CASE
        WHEN NOT quarantined OR NOT recorded_bare THEN recorded_at
        ELSE timezone('UTC', timezone($time_zone, CAST(
            CAST(timezone($time_zone, timezone('UTC', recorded_at)) AS DATE) + 1 AS TIMESTAMP
        )))
    END AS recorded_end,
    CASE
        WHEN NOT quarantined OR NOT confirmed_bare THEN confirmed_at
        ELSE timezone('UTC', timezone($time_zone, CAST(
            CAST(timezone($time_zone, timezone('UTC', confirmed_at)) AS DATE) + 1 AS TIMESTAMP
        )))
    END AS confirmed_end,
    CASE
        WHEN NOT quarantined OR NOT valid_bare THEN valid_until
        ELSE timezone('UTC', timezone($time_zone, CAST(
            CAST(timezone($time_zone, timezone('UTC', valid_until)) AS DATE) + 1 AS TIMESTAMP
        )))
    END AS valid_end
FROM denial_row
