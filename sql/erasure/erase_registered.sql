-- Whether a register holds any of the erased.
-- Returns: held
-- Reads:   register_row(pseudonym), tombstone(kind, probe)
SELECT count(*) > 0 AS held
FROM register_row AS r
LEFT SEMI JOIN (SELECT probe FROM tombstone WHERE kind = 'patient_id') AS t ON r.pseudonym = t.probe
