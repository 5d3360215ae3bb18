-- Contacts made so far, by human: what was exported for one id counts for all ids linked to it.
-- Returns: human, exported_at, channel, topic
-- Reads:   contact(patient, exported_at, channel, topic), link_group
SELECT coalesce(g.grp, c.patient) AS human, c.exported_at, c.channel, c.topic
FROM contact AS c
LEFT JOIN link_group AS g ON c.patient = g.patient
