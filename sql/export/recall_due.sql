-- Members of an export to be recalled from it, and none that was before.
-- Returns: patient, pseudonym, export, late
-- Reads:   recall_member(patient, pseudonym), recall_withdrawn, recall_suppressed, recall_gone,
--          recalled(patient, export)
-- Takes:   $export
SELECT DISTINCT
    m.patient,
    m.pseudonym,
    CAST($export AS VARCHAR) AS export,
    coalesce(w.late, FALSE) AS late
FROM recall_member AS m
LEFT JOIN recall_withdrawn AS w ON m.patient = w.patient
LEFT JOIN recall_suppressed AS s ON m.patient = s.patient
LEFT JOIN recall_gone AS g ON m.patient = g.patient
LEFT ANTI JOIN recalled AS r ON m.patient = r.patient AND r.export = $export
WHERE w.patient IS NOT NULL OR s.patient IS NOT NULL OR g.patient IS NOT NULL
