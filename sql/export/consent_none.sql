-- No consent event: what is known of the past where its snapshot is gone.
-- Returns: the columns of consent
-- Reads:   consent
SELECT *
FROM consent
WHERE FALSE
