-- What each state of a consent event is (consent.md, Consent event). A state that is not here is
-- unknown (C10).
-- Returns: state, kind ('grant', 'denial', or 'silent': no effect), reason (what a denial is told
--          as)
SELECT
    state,
    kind,
    reason
FROM (
    VALUES
    ('given', 'grant', NULL),
    ('renewed', 'grant', NULL),
    ('refused', 'denial', 'refused'),
    ('withdrawn', 'denial', 'withdrawn'),
    ('objected', 'denial', 'objected'),
    ('expired', 'denial', 'withdrawn'),
    ('revoked', 'denial', 'withdrawn'),
    ('requested', 'silent', NULL),
    ('deferred', 'silent', NULL)
) AS known (state, kind, reason)
