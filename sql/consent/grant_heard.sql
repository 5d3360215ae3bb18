-- Every grant that holds and is known at the clocks, with each rule that it fails. For one human:
-- `why` reads it.
-- Returns: event, patient, word, scope, given_at, mask BIGINT (what it covers), unconfirmed,
--          not_explicit BIGINT (the parts of it that fail C4 and C5), unproven, stale_notice,
--          expired, not_joint BOOLEAN
-- Reads:   grant_judged
-- Takes:   $as_of, $known_at
SELECT
    event,
    patient,
    word,
    scope,
    effective_at AS given_at,
    covers AS mask,
    unconfirmed,
    covers & ~explicit AS not_explicit,
    unproven,
    stale_notice,
    expired,
    not_joint
FROM grant_judged
WHERE effective_at <= $as_of AND recorded_at <= $known_at
