-- Patient ids whose rows are in quarantine, or were: their addresses are hashed anew, since only
-- hashes of them are kept.
-- Returns: patient
-- Reads:   aside, old_aside
SELECT patient FROM aside
UNION
SELECT patient FROM old_aside
