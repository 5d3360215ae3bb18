-- A date text as the moment it starts (consent.md, The decision). The usual form goes the short
-- way; the pattern is for the others.
-- A local time that comes twice (clocks turned back) is the first one.
-- Returns: text, at (UTC; NULL where the text is empty or unreadable; at the ends of the calendar,
--          the end)
-- Reads:   instant_text(text)
-- Takes:   $time_zone (the zone of texts that name none)
SELECT
    text,
    CASE
        WHEN length(text) = 20
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
        WHEN regexp_matches(text, '[T ].*[Z+-]')
            AND left(text, 10) NOT IN ('0001-01-01', '9999-12-31')
            THEN CAST(
                try_cast(
                    regexp_replace(
                        regexp_replace(text, '([.][0-9]{6})[0-9]+', '\1'), '^(.{16})([Z+-])',
                        '\1:00\2'
                    ) AS TIMESTAMPTZ
                ) AS TIMESTAMP
            )
        WHEN regexp_matches(text, '[T ].*[Z+-]')
            THEN least(greatest(
                CAST(
                    try_cast(
                        regexp_replace(
                            regexp_replace(text, '([.][0-9]{6})[0-9]+', '\1'), '^(.{16})([Z+-])',
                            '\1:00\2'
                        ) AS TIMESTAMPTZ
                    ) AS TIMESTAMP
                ),
                TIMESTAMP '0001-01-01 00:00:00'
            ), TIMESTAMP '9999-12-31 23:59:59.999999')
        WHEN left(text, 10) IN ('0001-01-01', '9999-12-31')
            THEN least(greatest(
                CAST(
                    timezone(
                        $time_zone,
                        try_cast(regexp_replace(text, '([.][0-9]{6})[0-9]+', '\1') AS TIMESTAMP)
                    ) AS TIMESTAMP
                ),
                TIMESTAMP '0001-01-01 00:00:00'
            ), TIMESTAMP '9999-12-31 23:59:59.999999')
        WHEN
            timezone(
                $time_zone,
                timezone(
                    $time_zone,
                    try_cast(regexp_replace(text, '([.][0-9]{6})[0-9]+', '\1') AS TIMESTAMP)
                ) - INTERVAL 1 HOUR
            )
            = try_cast(regexp_replace(text, '([.][0-9]{6})[0-9]+', '\1') AS TIMESTAMP)
            THEN CAST(
                timezone(
                    $time_zone,
                    try_cast(regexp_replace(text, '([.][0-9]{6})[0-9]+', '\1') AS TIMESTAMP)
                ) AS TIMESTAMP
            ) - INTERVAL 1 HOUR
        ELSE CAST(
            timezone(
                $time_zone, try_cast(regexp_replace(text, '([.][0-9]{6})[0-9]+', '\1') AS TIMESTAMP)
            ) AS TIMESTAMP
        )
    END AS at
FROM instant_text
