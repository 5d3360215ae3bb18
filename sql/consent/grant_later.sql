-- The grants of the touched that may lift a new denial: those later than the first one. Most deltas
-- have none, which the bounds of blocks tell.
-- Returns: newest_grant's columns
-- Reads:   previous_newest_grant, touched
-- Takes:   $lifted_after (the moment that they must pass)
SELECT given.*
FROM previous_newest_grant AS given
JOIN touched ON touched.patient = given.patient
WHERE given.given_at > $lifted_after
