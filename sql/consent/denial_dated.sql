-- Denials with the moment that a grant must be strictly later than to lift them (C7, C10).
-- Returns: denial_row's columns, lifted_after TIMESTAMP (the end of effective_at; of a quarantined
--          row the latest end of the dates that can be read, and the end of time if there is none:
--          nothing lifts it)
-- Reads:   denial_end
SELECT
    *,
    CASE
        WHEN NOT quarantined THEN effective_end
        ELSE coalesce(
            greatest(effective_end, recorded_end, confirmed_end, valid_end),
            TIMESTAMP '9999-12-31 23:59:59.999999'
        )
    END AS lifted_after
FROM denial_end
