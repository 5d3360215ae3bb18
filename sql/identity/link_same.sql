-- The labels after a step become the labels before the next.
-- Returns: patient, grp
-- Reads:   link_next
SELECT patient, grp FROM link_next
