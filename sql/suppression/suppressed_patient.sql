-- Patients with any identifier, under any profile, on a list that covers the export, and whoever is linked to them (S2, C13).
-- Numbers are compared first, since nearly all differ; kinds only where they agree.
-- Returns: patient (once)
-- Reads:   address, suppressed_probe, link_group
WITH near AS (
    SELECT a.patient, a.kind, a.probe
    FROM address AS a
    LEFT SEMI JOIN suppressed_probe AS s ON a.probe = s.probe
),

hit AS (
    SELECT DISTINCT near.patient
    FROM near
    LEFT SEMI JOIN suppressed_probe AS s ON near.probe = s.probe AND near.kind = s.kind
)

SELECT patient FROM hit
UNION
SELECT other.patient
FROM hit
JOIN link_group AS own ON hit.patient = own.patient
JOIN link_group AS other ON own.grp = other.grp
