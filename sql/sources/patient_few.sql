-- The patient rows whose keyed hashes have to be made anew.
-- Returns: patient's columns
-- Reads:   patient, rehash
SELECT p.* FROM patient AS p SEMI JOIN rehash AS r ON r.patient = p.patient
