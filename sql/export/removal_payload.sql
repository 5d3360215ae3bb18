-- The rows of a removal file: who the destination has to remove, by the identifying columns it got.
-- Returns: what __columns__ names
-- Reads:   removal(patient, pseudonym), identity, removal_source, export_address (item, normal)
-- Takes:   __columns__ (over x, p and n)
SELECT __columns__
FROM (
    SELECT r.patient, r.pseudonym, i.patient_id
    FROM (SELECT DISTINCT patient, pseudonym FROM removal) AS r
    JOIN identity AS i ON r.patient = i.patient
) AS x
LEFT JOIN removal_source AS p ON x.patient = p.patient
LEFT JOIN export_address AS n ON x.patient = n.item
