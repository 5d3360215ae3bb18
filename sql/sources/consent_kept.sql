-- Every consent event whose patient is known, its scope as it was written, its dates in UTC. Rows
-- under C10 are among them: which ones they are depends on the policy in force, and is decided from
-- this table.
-- Returns: event, patient, the fields of consent.md, evidenced BOOLEAN (its evidence is more than
--          blanks; decisions read no more of it), dates (bits: 1 2 4 8 unreadable, 16 32 64 128
--          bare, 256 512 1024 2048 a local time that may be one of two moments, of which the date
--          is the earlier; effective, recorded, confirmed, valid_until), origin, line
-- Reads:   raw_consent, identity
-- Takes:   $first_event, __effective_at__, __recorded_at__, __confirmed_at__, __valid_until__ (the
--          dates, each as `instant` reads it), __effective_at_later__, __recorded_at_later__,
--          __confirmed_at_later__, __valid_until_later__ (as `instant_later` does)
SELECT
    event, patient, event_id, source, purpose, channel, topic, category, state, method,
    expressed_by, notice_version, evidence,
    regexp_matches(evidence, '[^\s\p{Z}\x0b\x1c-\x1f\x85]') AS evidenced,
    effective AS effective_at, recorded AS recorded_at, confirmed AS confirmed_at,
    valid AS valid_until,
    CAST(
        CASE WHEN effective IS NULL THEN 1 WHEN effective_bare THEN 16 ELSE 0 END
        + CASE WHEN recorded IS NULL THEN 2 WHEN recorded_bare THEN 32 ELSE 0 END
        + CASE
            WHEN confirmed IS NULL THEN CASE WHEN confirmed_given THEN 4 ELSE 0 END
            WHEN confirmed_bare THEN 64
            ELSE 0
        END
        + CASE
            WHEN valid IS NULL THEN CASE WHEN valid_given THEN 8 ELSE 0 END
            WHEN valid_bare THEN 128
            ELSE 0
        END
        + CASE WHEN effective_later IS NULL THEN 0 ELSE 256 END
        + CASE WHEN recorded_later IS NULL THEN 0 ELSE 512 END
        + CASE WHEN confirmed_later IS NULL THEN 0 ELSE 1024 END
        + CASE WHEN valid_later IS NULL THEN 0 ELSE 2048 END
        AS SMALLINT
    ) AS dates,
    origin, line
FROM (
    SELECT
        $first_event + r.raw_row AS event,
        i.patient,
        r.event_id, r.source, r.purpose, r.channel, r.topic, r.category,
        lower(trim(r.state)) AS state, r.method,
        r.expressed_by, r.notice_version, r.evidence,
        __effective_at__ AS effective, length(r.effective_at) = 10 AS effective_bare,
        __recorded_at__ AS recorded, length(r.recorded_at) = 10 AS recorded_bare,
        __confirmed_at__ AS confirmed, length(r.confirmed_at) = 10 AS confirmed_bare,
        r.confirmed_at <> '' AS confirmed_given,
        __valid_until__ AS valid, length(r.valid_until) = 10 AS valid_bare,
        r.valid_until <> '' AS valid_given,
        __effective_at_later__ AS effective_later, __recorded_at_later__ AS recorded_later,
        __confirmed_at_later__ AS confirmed_later, __valid_until_later__ AS valid_later,
        r.raw_origin AS origin, r.raw_line AS line
    FROM raw_consent AS r
    JOIN identity AS i ON i.patient_id = r.patient_id
) AS event_read
