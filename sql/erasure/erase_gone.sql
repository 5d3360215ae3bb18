-- The erased of one file, found by the keyed hashes of their ids.
-- Returns: patient (once)
-- Reads:   address, tombstone(kind, hash, probe)
SELECT DISTINCT a.patient
FROM address AS a
LEFT SEMI JOIN tombstone AS t ON a.probe = t.probe AND a.kind = t.kind AND a.hash = t.hash
WHERE a.kind = 'patient_id'
