-- Keyed hashes that stay, and those made anew.
-- Returns: address's columns
-- Reads:   old_address, rehash, address_new
SELECT a.patient, a.kind, a.profile, a.probe, a.hash, a.valid
FROM old_address AS a
ANTI JOIN rehash AS r ON r.patient = a.patient
UNION ALL
SELECT patient, kind, profile, probe, hash, valid FROM address_new
