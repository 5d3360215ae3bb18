-- Humans who are refused with all of their ids (C12, C13): the death or erasure of one id is that
-- of the whole group.
-- Returns: human (the linked group's smallest patient, else the patient itself), deceased, erased,
--          too_wide BOOLEAN
-- Reads:   patient, aside (ids whose rows are in quarantine), erased, link_group
-- Takes:   $max_linked
SELECT
    coalesce(link.grp, fact.patient) AS human,
    bool_or(fact.deceased) AS deceased,
    bool_or(fact.erased) AS erased,
    bool_or(fact.too_wide) AS too_wide
FROM (
    SELECT patient, TRUE AS deceased, FALSE AS erased, FALSE AS too_wide
    FROM patient
    WHERE deceased
    UNION ALL
    SELECT patient, TRUE AS deceased, FALSE AS erased, FALSE AS too_wide
    FROM aside
    WHERE deceased
    UNION ALL
    SELECT patient, FALSE AS deceased, TRUE AS erased, FALSE AS too_wide
    FROM erased
    UNION ALL
    SELECT patient, FALSE AS deceased, FALSE AS erased, TRUE AS too_wide
    FROM link_group
    WHERE size > $max_linked
) AS fact
LEFT JOIN link_group AS link ON link.patient = fact.patient
GROUP BY coalesce(link.grp, fact.patient)
