-- Whom to decide again: who changed or falls due, with every id linked to them, then or now (C13).
-- Returns: patient, since BIGINT (the state before holds whatever they said before that event; NULL
--          if their events have to be read whole)
-- Reads:   concerned, previous_links, link_group, changed
WITH with_their_links AS (
    SELECT patient FROM concerned
    UNION ALL
    SELECT other.patient
    FROM previous_links AS other
    WHERE other.grp IN (
        SELECT own.grp
        FROM previous_links AS own
        WHERE own.patient IN (SELECT concerned.patient FROM concerned)
    )
),

whole AS (
    SELECT patient FROM with_their_links
    UNION
    SELECT other.patient
    FROM link_group AS other
    WHERE other.grp IN (
        SELECT own.grp
        FROM link_group AS own
        WHERE own.patient IN (SELECT with_their_links.patient FROM with_their_links)
    )
),

only_new AS (
    SELECT patient FROM changed
    UNION
    SELECT other.patient
    FROM link_group AS other
    WHERE other.grp IN (
        SELECT own.grp
        FROM link_group AS own
        WHERE own.patient IN (SELECT changed.patient FROM changed)
    )
)

SELECT patient, CAST(NULL AS BIGINT) AS since FROM whole
UNION ALL
SELECT patient, (SELECT min(changed.since) FROM changed) AS since FROM only_new
WHERE patient NOT IN (SELECT whole.patient FROM whole)
