-- Whom to decide again: what was changed or falls due, with every id linked to it, then or now
-- (C13).
-- Returns: patient, since BIGINT (the state before holds whatever they said earlier; NULL where
--          their events are read whole)
-- Reads:   previous_linked, link_group, changed, known_before, previous_person,
--          previous_newest_denial, previous_newest_grant, erased, previous_buried
-- Takes:   $until (the moment up to which due patients are decided again)
WITH relinked AS (
    (
        SELECT patient, grp, size FROM previous_linked
        EXCEPT
        SELECT patient, grp, size FROM link_group
    )
    UNION ALL
    (
        SELECT patient, grp, size FROM link_group
        EXCEPT
        SELECT patient, grp, size FROM previous_linked
    )
),

seed AS (
    SELECT patient FROM changed WHERE since IS NULL
    UNION ALL
    (SELECT patient FROM changed EXCEPT SELECT patient FROM known_before)
    UNION ALL
    SELECT patient FROM previous_person WHERE due_at <= $until
    UNION ALL
    SELECT human AS patient FROM previous_newest_denial WHERE due_at <= $until
    UNION ALL
    SELECT patient FROM previous_newest_grant WHERE due_at <= $until
    UNION ALL
    SELECT patient FROM relinked
    UNION ALL
    (SELECT patient FROM erased EXCEPT SELECT patient FROM previous_buried)
    UNION ALL
    (SELECT patient FROM previous_buried EXCEPT SELECT patient FROM erased)
),

spread AS (
    SELECT patient FROM seed
    UNION ALL
    SELECT patient FROM previous_linked
    WHERE grp IN (
        SELECT one.grp FROM previous_linked AS one
        WHERE one.patient IN (SELECT seed.patient FROM seed)
    )
    UNION ALL
    SELECT patient FROM link_group
    WHERE grp IN (
        SELECT one.grp FROM link_group AS one WHERE one.patient IN (SELECT seed.patient FROM seed)
    )
),

whole AS (
    SELECT patient FROM spread
    UNION
    SELECT patient FROM link_group
    WHERE grp IN (
        SELECT one.grp FROM link_group AS one
        WHERE one.patient IN (SELECT spread.patient FROM spread)
    )
),

told AS (
    SELECT patient FROM changed
    UNION
    SELECT patient FROM link_group
    WHERE grp IN (
        SELECT one.grp FROM link_group AS one
        WHERE one.patient IN (SELECT changed.patient FROM changed)
    )
)

SELECT patient, CAST(NULL AS BIGINT) AS since FROM whole
UNION ALL
SELECT patient, (SELECT min(changed.since) FROM changed) AS since FROM told
WHERE patient NOT IN (SELECT whole.patient FROM whole)
