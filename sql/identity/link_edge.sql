-- The link file's pairs, both ways. A broken line links too, where both of its ids are known: a
-- link only ever narrows (C13).
-- Returns: a, b (patients)
-- Reads:   raw_link, broken_line, identity
WITH pair AS (
    SELECT l.patient AS a, r.patient AS b
    FROM (
        SELECT patient_id, same_as FROM raw_link
        UNION ALL
        SELECT patient_id, same_as FROM broken_line
    ) AS w
    JOIN identity AS l ON l.patient_id = w.patient_id
    JOIN identity AS r ON r.patient_id = w.same_as
)

SELECT DISTINCT a, b
FROM (
    SELECT a, b FROM pair
    UNION ALL
    SELECT b, a FROM pair
) AS way
WHERE a <> b
