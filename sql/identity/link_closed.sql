-- The groups of linked ids (C13).
-- Returns: patient, grp (the smallest patient of the group), size
-- Reads:   link_label
SELECT l.patient, l.grp, s.size
FROM link_label AS l
JOIN (SELECT grp, CAST(count(*) AS INTEGER) AS size FROM link_label GROUP BY grp) AS s
    ON s.grp = l.grp
