-- The erased among the members of an export, where they were not recalled from it before.
-- Returns: patient, pseudonym, export, late
-- Reads:   registered(patient, pseudonym), tombstone(kind, probe), recalled(patient, export)
-- Takes:   $export
SELECT DISTINCT r.patient, r.pseudonym, CAST($export AS VARCHAR) AS export, FALSE AS late
FROM registered AS r
LEFT SEMI JOIN (SELECT probe FROM tombstone WHERE kind = 'patient_id') AS t ON r.pseudonym = t.probe
LEFT ANTI JOIN recalled AS c ON r.patient = c.patient AND c.export = $export
