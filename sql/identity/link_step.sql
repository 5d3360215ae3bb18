-- One step of closing the links: everyone, and the head of everyone's group, takes the smallest
-- head in sight (pointer jumping).
-- Returns: patient, grp
-- Reads:   link_label, link_edge
SELECT patient, min(grp) AS grp
FROM (
    SELECT l.patient, h.grp FROM link_label AS l JOIN link_label AS h ON h.patient = l.grp
    UNION ALL
    SELECT e.a, h.grp
    FROM link_edge AS e
    JOIN link_label AS l ON l.patient = e.b
    JOIN link_label AS h ON h.patient = l.grp
    UNION ALL
    SELECT own.grp, h.grp
    FROM link_edge AS e
    JOIN link_label AS own ON own.patient = e.a
    JOIN link_label AS l ON l.patient = e.b
    JOIN link_label AS h ON h.patient = l.grp
) AS candidate
GROUP BY patient
