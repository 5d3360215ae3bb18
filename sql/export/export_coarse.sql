-- Normalised identifiers with the coarsest profile beside the first, for hashed audiences.
-- Returns: item, normal, coarse
-- Reads:   identifier_first, identifier_google
SELECT f.item, f.normal, coalesce(g.normal, f.normal) AS coarse
FROM identifier_first AS f
LEFT JOIN identifier_google AS g ON f.item = g.item
