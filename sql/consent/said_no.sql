-- Who said nothing new but denials, and every id linked to it (C13): what they were allowed can only become less.
-- Returns: patient, since BIGINT
-- Reads:   reached, consent_few (the events of those reached), link_group
WITH giving AS (
    SELECT DISTINCT coalesce(link.grp, event.patient) AS human
    FROM consent_few AS event
    LEFT JOIN link_group AS link ON link.patient = event.patient
    WHERE event.state IN ('given', 'renewed')
)

SELECT
    reached.patient,
    reached.since
FROM reached
LEFT JOIN link_group AS link ON link.patient = reached.patient
WHERE
    reached.since IS NOT NULL
    AND coalesce(link.grp, reached.patient) NOT IN (SELECT giving.human FROM giving)
