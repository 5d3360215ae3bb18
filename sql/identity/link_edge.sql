-- The pairs both ways, each once, nobody with themselves.
-- Returns: a, b (patients)
-- Reads:   link_pair
SELECT DISTINCT a, b
FROM (
    SELECT a, b FROM link_pair
    UNION ALL
    SELECT b, a FROM link_pair
) AS way
WHERE a <> b
