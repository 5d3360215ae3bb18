-- Grants that count, or that will once they hold, are known or are confirmed.
-- Returns: patient, word, scope, given_at, notice (its place), mask BIGINT (what it grants; 0 if it
--          does not hold yet or is not known yet), due_at (when this row next changes, NULL never)
-- Reads:   grant_judged
-- Takes:   $as_of, $known_at
SELECT
    patient,
    word,
    scope,
    effective_at AS given_at,
    notice,
    CASE
        WHEN effective_at > $as_of OR recorded_at > $known_at THEN 0
        ELSE explicit & ~unconfirmed
    END AS mask,
    least(
        CASE WHEN effective_at > $as_of THEN effective_at END,
        CASE WHEN recorded_at > $known_at THEN recorded_at END,
        CASE WHEN confirmed_at > $as_of OR confirmed_at > $known_at THEN confirmed_at END,
        ends_at
    ) AS due_at
FROM grant_judged
WHERE
    NOT unproven
    AND NOT stale_notice
    AND NOT expired
    AND NOT not_joint
    AND explicit <> 0
