-- The grants that may lift a new denial: those later than the first one. Most deltas have none,
-- which the bounds of blocks tell.
-- Returns: newest_grant's columns
-- Reads:   previous_newest_grant, deciding
-- Takes:   $lifted_after (the moment that they must be later than)
SELECT given.*
FROM previous_newest_grant AS given
JOIN deciding ON deciding.patient = given.patient
WHERE given.given_at > $lifted_after
