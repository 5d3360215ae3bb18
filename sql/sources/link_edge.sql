-- The link file's pairs, both ways.
-- Returns: a, b (patients). Reads: raw_link, identity.
SELECT DISTINCT a, b
FROM (
  SELECT l.patient AS a, r.patient AS b
  FROM raw_link AS w
  JOIN identity AS l ON l.patient_id = w.patient_id
  JOIN identity AS r ON r.patient_id = w.same_as
  UNION ALL
  SELECT r.patient, l.patient
  FROM raw_link AS w
  JOIN identity AS l ON l.patient_id = w.patient_id
  JOIN identity AS r ON r.patient_id = w.same_as
) AS pair
WHERE a <> b
