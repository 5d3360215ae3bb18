-- Patients whose id an erasure left a tombstone of (C12, S8).
-- Returns: patient
-- Reads:   suppression_entry (all that no officer lifted), address
SELECT DISTINCT address.patient
FROM suppression_entry AS entry
JOIN address
    ON address.probe = entry.probe AND address.kind = entry.kind AND address.hash = entry.hash
WHERE entry.kind = 'patient_id' AND entry.reason = 'erased'
