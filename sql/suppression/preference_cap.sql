-- The caps that patients set themselves, each over the scope it was set for; without days it is for
-- ever.
-- Returns: patient, human (the linked group, else the patient), channel, topic, contacts, from_at
-- Reads:   preference_speaking, link_group
-- Takes:   $planned_at
SELECT
    s.patient,
    coalesce(g.grp, s.patient) AS human,
    s.channel,
    s.topic,
    s.max_contacts AS contacts,
    $planned_at - least(coalesce(s.per_days, 36500), 36500) * INTERVAL '1' DAY AS from_at
FROM preference_speaking AS s
LEFT JOIN link_group AS g ON s.patient = g.patient
WHERE s.max_contacts IS NOT NULL
