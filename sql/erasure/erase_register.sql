-- The rows of a register that are not of the erased.
-- Returns: the columns of register_row
-- Reads:   register_row(pseudonym, ...), tombstone(kind, probe)
SELECT r.*
FROM register_row AS r
LEFT ANTI JOIN (SELECT probe FROM tombstone WHERE kind = 'patient_id') AS t ON r.pseudonym = t.probe
