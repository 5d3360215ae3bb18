-- Consent events with what their state and their dates mean. `dates` of a row is a sum: 1, 2, 4 and
-- 8 say that effective_at, recorded_at, confirmed_at or valid_until cannot be read; 16, 32, 64 and
-- 128 say that it is a bare date; 256, 512, 1024 and 2048 that it is a local time which may be one
-- of two moments.
-- Returns: consent's columns, kind ('grant', 'denial', 'silent', 'unknown'), reason (of a denial),
--          unreadable BOOLEAN (one of the dates is), effective_bare, recorded_bare, confirmed_bare,
--          valid_bare, effective_twice, recorded_twice, confirmed_twice, valid_twice BOOLEAN
-- Reads:   consent, state_kind
SELECT
    event.*,
    coalesce(state_kind.kind, 'unknown') AS kind,
    state_kind.reason,
    (event.dates & 15) <> 0 AS unreadable,
    (event.dates & 16) <> 0 AS effective_bare,
    (event.dates & 32) <> 0 AS recorded_bare,
    (event.dates & 64) <> 0 AS confirmed_bare,
    (event.dates & 128) <> 0 AS valid_bare,
    (event.dates & 256) <> 0 AS effective_twice,
    (event.dates & 512) <> 0 AS recorded_twice,
    (event.dates & 1024) <> 0 AS confirmed_twice,
    (event.dates & 2048) <> 0 AS valid_twice
FROM consent AS event
LEFT JOIN state_kind ON state_kind.state = event.state
