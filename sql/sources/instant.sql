-- A date text as the moment it starts (consent.md, The decision). The usual form goes the short
-- way; the pattern is for the others. A time without a zone in the hour that comes twice, or in the
-- one that never comes when clocks change, may be one of two moments: this is the earlier one, and
-- `instant_later` the other. A day whose midnight is left out starts when the clocks change.
-- Returns: text, at (UTC; NULL where the text is empty or unreadable; at the ends of the calendar,
--          the end)
-- Reads:   instant_text(text)
-- Takes:   $time_zone (the zone of texts that name none)
SELECT
    text,
    CASE
        WHEN
            length(text) = 20
            AND text LIKE '____-__-__T__:__:__Z'
            AND text >= '0001'
            AND text < ':'
            THEN try_strptime(text, '%Y-%m-%dT%H:%M:%SZ')
        WHEN
            text < '0001'
            OR NOT regexp_full_match(
                text,
                '[0-9]{4}-[0-9]{2}-[0-9]{2}([T ]([01][0-9]|2[0-3]):[0-5][0-9]'
                || '(:[0-5][0-9]([.][0-9]+)?)?(Z|[+-]([01][0-9]|2[0-3])(:[0-5][0-9])?)?)?'
            )
            OR try_cast(left(text, 10) AS DATE) IS NULL
            THEN NULL
        -- Nothing can leave the calendar from a day away of its ends; those two days are clamped.
        WHEN
            regexp_matches(text, '[T ].*[Z+-]')
            AND left(text, 10) NOT IN ('0001-01-01', '9999-12-31')
            THEN zoned
        WHEN regexp_matches(text, '[T ].*[Z+-]')
            THEN least(
                greatest(zoned, TIMESTAMP '0001-01-01 00:00:00'),
                TIMESTAMP '9999-12-31 23:59:59.999999'
            )
        WHEN left(text, 10) IN ('0001-01-01', '9999-12-31')
            THEN least(
                greatest(
                    CAST(timezone($time_zone, wall) AS TIMESTAMP),
                    TIMESTAMP '0001-01-01 00:00:00'
                ),
                TIMESTAMP '9999-12-31 23:59:59.999999'
            )
        WHEN as_before = as_after THEN as_before
        WHEN timezone($time_zone, timezone('UTC', least(as_before, as_after))) = wall
            THEN least(as_before, as_after)
        WHEN
            length(text) = 10
            OR timezone($time_zone, timezone('UTC', greatest(as_before, as_after))) = wall
            THEN greatest(as_before, as_after)
        ELSE least(as_before, as_after)
    END AS at
FROM (
    SELECT
        text,
        wall,
        CAST(
            try_cast(regexp_replace(cut, '^(.{16})([Z+-])', '\1:00\2') AS TIMESTAMPTZ) AS TIMESTAMP
        ) AS zoned,
        CAST(timezone($time_zone, wall - INTERVAL 1 DAY) AS TIMESTAMP) + INTERVAL 1 DAY
            AS as_before,
        CAST(timezone($time_zone, wall + INTERVAL 1 DAY) AS TIMESTAMP) - INTERVAL 1 DAY
            AS as_after
    FROM (
        SELECT text, cut, try_cast(cut AS TIMESTAMP) AS wall
        FROM (
            SELECT text, regexp_replace(text, '([.][0-9]{6})[0-9]+', '\1') AS cut
            FROM instant_text
        ) AS text_cut
    ) AS text_read
) AS text_placed
