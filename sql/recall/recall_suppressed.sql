-- Members of an export whom an entry of the suppression list now keeps out, by any identifier of theirs, or by the address exported.
-- Returns: patient
-- Reads:   recall_member(patient, address), suppressed(patient), suppressed_probe(kind, probe)
-- Takes:   $identifier
SELECT m.patient
FROM recall_member AS m
LEFT SEMI JOIN suppressed AS s ON m.patient = s.patient
UNION
SELECT m.patient
FROM recall_member AS m
LEFT SEMI JOIN suppressed_probe AS p ON m.address = p.probe AND p.kind = $identifier
