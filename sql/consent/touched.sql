-- Whom to decide again: what was changed or falls due, with every id linked to it, then or now (C13).
-- Returns: patient
-- Reads:   changed, patient, link_group, erased; previous_person, previous_linked, previous_buried (the state decided before)
-- Takes:   $until (the moment up to which due patients are decided again)
WITH relinked AS (
    (SELECT patient, grp, size FROM previous_linked EXCEPT SELECT patient, grp, size FROM link_group)
    UNION ALL
    (SELECT patient, grp, size FROM link_group EXCEPT SELECT patient, grp, size FROM previous_linked)
),

seed AS (
    SELECT patient FROM changed
    UNION
    SELECT patient FROM previous_person WHERE due_at <= $until
    UNION
    SELECT patient FROM patient WHERE patient NOT IN (SELECT before.patient FROM previous_person AS before)
    UNION
    SELECT patient FROM relinked
    UNION
    (SELECT patient FROM erased EXCEPT SELECT patient FROM previous_buried)
    UNION
    (SELECT patient FROM previous_buried EXCEPT SELECT patient FROM erased)
),

spread AS (
    SELECT patient FROM seed
    UNION
    SELECT patient FROM previous_linked
    WHERE grp IN (SELECT one.grp FROM previous_linked AS one WHERE one.patient IN (SELECT seed.patient FROM seed))
    UNION
    SELECT patient FROM link_group
    WHERE grp IN (SELECT one.grp FROM link_group AS one WHERE one.patient IN (SELECT seed.patient FROM seed))
)

SELECT patient FROM spread
UNION
SELECT patient FROM link_group
WHERE grp IN (SELECT one.grp FROM link_group AS one WHERE one.patient IN (SELECT spread.patient FROM spread))
