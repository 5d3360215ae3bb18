-- Consent events with what their state and their dates mean. `dates` of a row is a sum: 1, 2, 4 and
-- 8 say that effective_at, recorded_at, confirmed_at or valid_until cannot be read; 16, 32, 64 and
-- 128 say that it is a bare date.
-- Returns: consent's columns, kind ('grant', 'denial', 'silent', 'unknown'), reason (of a denial),
--          unreadable BOOLEAN (one of the dates is), effective_bare, recorded_bare, confirmed_bare,
--          valid_bare BOOLEAN
-- Reads:   consent, state_kind
SELECT
    event.*,
    coalesce(state_kind.kind, 'unknown') AS kind,
    state_kind.reason,
    (event.dates & 15) <> 0 AS unreadable,
    (event.dates & 16) <> 0 AS effective_bare,
    (event.dates & 32) <> 0 AS recorded_bare,
    (event.dates & 64) <> 0 AS confirmed_bare,
    (event.dates & 128) <> 0 AS valid_bare
FROM consent AS event
LEFT JOIN state_kind ON state_kind.state = event.state
