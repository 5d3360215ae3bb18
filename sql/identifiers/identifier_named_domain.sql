-- The domains of plain addresses; those of others are among what was read.
-- Returns: item, domain
-- Reads:   identifier_plain
SELECT item, split_part(clean, '@', 2) AS domain
FROM identifier_plain
WHERE kind = 'email'
