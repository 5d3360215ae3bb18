-- Denials with the moment that only a strictly later grant passes: a bare date counts until the end
-- of its local day (C7, C10).
-- Returns: denial_row's columns, lifted_after TIMESTAMP (C7: effective_at; C10: the latest of the
--          readable dates; the end of time where none is readable: nothing lifts it)
-- Reads:   denial_row
-- Takes:   $time_zone
SELECT
    denial.event,
    denial.patient,
    denial.purpose,
    denial.channel,
    denial.topic,
    denial.category,
    denial.state,
    denial.effective_at,
    denial.recorded_at,
    denial.quarantined,
    CASE
        WHEN NOT denial.quarantined AND (denial.dates & 16) = 0 THEN denial.effective_at
        WHEN NOT denial.quarantined THEN timezone('UTC', timezone($time_zone, CAST(
            CAST(timezone($time_zone, timezone('UTC', denial.effective_at)) AS DATE) + 1
            AS TIMESTAMP
        )))
        ELSE coalesce(
            greatest(
                CASE
                    WHEN (denial.dates & 16) = 0 THEN denial.effective_at
                    ELSE timezone('UTC', timezone($time_zone, CAST(
                        CAST(timezone($time_zone, timezone('UTC', denial.effective_at)) AS DATE) + 1
                        AS TIMESTAMP
                    )))
                END,
                CASE
                    WHEN (denial.dates & 32) = 0 THEN denial.recorded_at
                    ELSE timezone('UTC', timezone($time_zone, CAST(
                        CAST(timezone($time_zone, timezone('UTC', denial.recorded_at)) AS DATE) + 1
                        AS TIMESTAMP
                    )))
                END,
                CASE
                    WHEN (denial.dates & 64) = 0 THEN denial.confirmed_at
                    ELSE timezone('UTC', timezone($time_zone, CAST(
                        CAST(timezone($time_zone, timezone('UTC', denial.confirmed_at)) AS DATE) + 1
                        AS TIMESTAMP
                    )))
                END,
                CASE
                    WHEN (denial.dates & 128) = 0 THEN denial.valid_until
                    ELSE timezone('UTC', timezone($time_zone, CAST(
                        CAST(timezone($time_zone, timezone('UTC', denial.valid_until)) AS DATE) + 1
                        AS TIMESTAMP
                    )))
                END
            ),
            TIMESTAMP '9999-12-31 23:59:59.999999'
        )
    END AS lifted_after
FROM denial_row AS denial
