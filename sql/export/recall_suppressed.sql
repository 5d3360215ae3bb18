-- Members of an export whom an entry of the suppression list now keeps out, by any identifier of
-- theirs, or by the address exported.
-- Returns: patient
-- Reads:   recall_member(patient), suppressed(patient: by an identifier of theirs),
--          recall_listed(patient: by the address exported)
SELECT m.patient
FROM recall_member AS m
LEFT SEMI JOIN suppressed AS s ON m.patient = s.patient
UNION
SELECT patient
FROM recall_listed
