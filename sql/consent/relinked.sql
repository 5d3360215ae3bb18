-- Patients whose links differ from those that the state before was decided with.
-- Returns: patient, grp, size (one row for what they were, one for what they are)
-- Reads:   previous_links, link_group
(
    SELECT patient, grp, size FROM previous_links
    EXCEPT
    SELECT patient, grp, size FROM link_group
)
UNION ALL
(
    SELECT patient, grp, size FROM link_group
    EXCEPT
    SELECT patient, grp, size FROM previous_links
)
