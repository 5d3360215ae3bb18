-- Whether the previous snapshot has broken lines of consent in quarantine.
-- Returns: there BOOLEAN
-- Reads:   old_quarantine
SELECT count(*) > 0 AS there FROM old_quarantine WHERE source = 'consent' AND rule IN ('I5', 'I6')
