-- Patients who reached a cap: the channel's own, or one they set. Both hold, so the stricter does.
-- Returns: patient (once)
-- Reads:   contact_human, preference_cap, export_member, link_group
-- Takes:   $channel, $cap_contacts, $cap_from (both null: the channel has no cap)
WITH by_channel AS (
    SELECT human
    FROM contact_human
    WHERE channel = $channel AND exported_at > $cap_from
    GROUP BY human
    HAVING count(*) >= $cap_contacts
),

by_patient AS (
    SELECT cap.patient
    FROM preference_cap AS cap
    LEFT JOIN contact_human AS made
        ON
            cap.human = made.human
            AND (cap.channel = '*' OR cap.channel = made.channel)
            AND (cap.topic = '*' OR cap.topic = made.topic)
            AND made.exported_at > cap.from_at
    GROUP BY cap.patient, cap.channel, cap.topic, cap.contacts, cap.from_at
    HAVING count(made.human) >= cap.contacts
)

SELECT m.patient
FROM export_member AS m
LEFT JOIN link_group AS g ON m.patient = g.patient
LEFT JOIN by_channel ON coalesce(g.grp, m.patient) = by_channel.human
WHERE by_channel.human IS NOT NULL OR $cap_contacts = 0
UNION
SELECT patient FROM by_patient
