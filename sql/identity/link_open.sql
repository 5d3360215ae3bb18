-- Whether the last step still changed anything.
-- Returns: one row, open
-- Reads:   link_label, link_next
SELECT count(*) > 0 AS open
FROM link_label AS l
JOIN link_next AS n ON n.patient = l.patient
WHERE n.grp <> l.grp
