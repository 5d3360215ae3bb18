-- Identifiers that Python reads, each distinct one once: dressed, not ASCII, domains, numbers in
-- rare spellings.
-- Returns: kind, value
-- Reads:   identifier_judged
SELECT DISTINCT kind, value
FROM identifier_judged
WHERE NOT plain
