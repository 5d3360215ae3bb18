-- How many patients who stay hold an address of the erased: its tombstone covers them too (S8).
-- Returns: kind, patients
-- Reads:   address, tombstone(kind, hash, probe), gone(patient)
SELECT a.kind, count(DISTINCT a.patient) AS patients
FROM address AS a
LEFT SEMI JOIN tombstone AS t ON a.probe = t.probe AND a.kind = t.kind AND a.hash = t.hash
LEFT ANTI JOIN gone AS g ON a.patient = g.patient
GROUP BY a.kind
ORDER BY a.kind
