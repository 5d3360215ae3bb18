-- First reasons over the members, apart for those who were in the previous export and those who
-- were not. Exact, so confidential (P16). Also (reason 9) those of the previous export who are no
-- members now. Everyone is in one row only.
-- Returns: reason, before, people
-- Reads:   export_checked, export_before
SELECT x.reason, b.patient IS NOT NULL AS before, count(*) AS people
FROM export_checked AS x
LEFT JOIN (SELECT DISTINCT patient FROM export_before) AS b ON x.patient = b.patient
GROUP BY x.reason, b.patient IS NOT NULL
UNION ALL
SELECT 9 AS reason, TRUE AS before, count(*) AS people
FROM (SELECT DISTINCT patient FROM export_before) AS b
LEFT ANTI JOIN export_checked AS x ON b.patient = x.patient
