-- Patients who are known from quarantine or from a table of deaths only, or were before. Their
-- addresses are hashed again at every load: a snapshot keeps no text of theirs to compare with.
-- Returns: patient
-- Reads:   aside, old_aside
SELECT patient FROM aside
UNION
SELECT patient FROM old_aside
