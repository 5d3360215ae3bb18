-- Preferences of the snapshot. A row that cannot be read closes what it may be about, for good:
-- allowed = false on its readable scope, and no updated_at, which means always the newest. A row on
-- an undeclared scope keeps its own scope and date, and nothing of it counts but its answer. A
-- local time that may be one of two moments is the later one of a no, the earlier one of a yes.
-- Returns: patient, channel, topic, allowed, max_contacts, per_days, language, updated_at, line
-- Reads:   preference_read, identity
SELECT
    i.patient, p.channel, p.topic,
    CASE
        WHEN p.reason IS NULL OR starts_with(p.reason, 'undeclared') THEN p.allowed_read
        ELSE false
    END AS allowed,
    CASE WHEN p.reason IS NULL THEN p.max_contacts END AS max_contacts,
    CASE WHEN p.reason IS NULL THEN p.per_days END AS per_days,
    p.language,
    CASE
        WHEN p.reason IS NOT NULL AND NOT starts_with(p.reason, 'undeclared') THEN NULL
        WHEN p.allowed_read THEN p.updated_read
        ELSE coalesce(p.updated_later, p.updated_read)
    END AS updated_at,
    p.raw_line AS line
FROM preference_read AS p
JOIN identity AS i ON i.patient_id = p.patient_id
