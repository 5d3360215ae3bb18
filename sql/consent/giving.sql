-- Whether a grant is among the events.
-- Returns: one row, giving BOOLEAN
-- Reads:   consent
SELECT count(*) > 0 AS giving
FROM consent
WHERE state IN ('given', 'renewed')
