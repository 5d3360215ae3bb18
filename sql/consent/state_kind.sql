-- What each state of a consent event is (consent.md, Consent event). A state that is not here is
-- unknown (C10).
-- Returns: state, kind ('grant', 'denial', or 'silent': no effect), reason (what a denial is told
--          as), refusal BOOLEAN (the person said no, and is left in peace for a while)
SELECT
    state,
    kind,
    reason,
    refusal
FROM (
    VALUES
    ('given', 'grant', NULL, FALSE),
    ('renewed', 'grant', NULL, FALSE),
    ('refused', 'denial', 'refused', TRUE),
    ('withdrawn', 'denial', 'withdrawn', TRUE),
    ('objected', 'denial', 'objected', TRUE),
    ('expired', 'denial', 'withdrawn', FALSE),
    ('revoked', 'denial', 'withdrawn', FALSE),
    ('requested', 'silent', NULL, FALSE),
    ('deferred', 'silent', NULL, FALSE)
) AS known (state, kind, reason, refusal)
