-- The link file's pairs by the patients' numbers. A broken line links too if both of its ids are
-- known: a link only ever narrows (C13).
-- Returns: a, b (patients)
-- Reads:   raw_link, broken_line, identity
SELECT DISTINCT l.patient AS a, r.patient AS b
FROM (
    SELECT patient_id, same_as FROM raw_link
    UNION ALL
    SELECT patient_id, same_as FROM broken_line
) AS w
JOIN identity AS l ON l.patient_id = w.patient_id
JOIN identity AS r ON r.patient_id = w.same_as
WHERE l.patient <> r.patient
