-- Patients with any identifier, under any profile, on a list that covers the export, and whoever is
-- linked to them (S2, C13).
-- Returns: patient (once)
-- Reads:   suppression_hit, link_group
SELECT patient FROM suppression_hit
UNION
SELECT other.patient
FROM suppression_hit AS hit
JOIN link_group AS own ON hit.patient = own.patient
JOIN link_group AS other ON own.grp = other.grp
