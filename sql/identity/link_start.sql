-- Before the first step everyone linked is a group of their own.
-- Returns: patient, grp
-- Reads:   link_edge
SELECT DISTINCT a AS patient, a AS grp FROM link_edge
