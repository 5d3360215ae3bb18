-- The later reading of a time without a zone that may be one of two moments: in the hour that comes
-- twice when clocks are turned back, and in the one that never comes when they are put forward. The
-- offset of the day before gives one reading, that of the day after the other.
-- Returns: text, later (UTC; NULL if the text has one reading or none)
-- Reads:   instant_text(text)
-- Takes:   $time_zone (the zone of texts that name none)
SELECT
    text,
    CASE
        WHEN
            length(text) <= 10
            OR text LIKE '%Z'
            OR left(text, 10) IN ('0001-01-01', '9999-12-31')
            OR NOT regexp_full_match(
                text,
                '[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]([01][0-9]|2[0-3]):[0-5][0-9]'
                || '(:[0-5][0-9]([.][0-9]+)?)?'
            )
            THEN NULL
        WHEN as_before = as_after THEN NULL
        WHEN
            (timezone($time_zone, timezone('UTC', as_before)) = wall)
            <> (timezone($time_zone, timezone('UTC', as_after)) = wall)
            THEN NULL
        ELSE greatest(as_before, as_after)
    END AS later
FROM (
    SELECT
        text,
        wall,
        CAST(timezone($time_zone, wall - INTERVAL 1 DAY) AS TIMESTAMP) + INTERVAL 1 DAY
            AS as_before,
        CAST(timezone($time_zone, wall + INTERVAL 1 DAY) AS TIMESTAMP) - INTERVAL 1 DAY
            AS as_after
    FROM (
        SELECT
            text,
            try_cast(regexp_replace(text, '([.][0-9]{6})[0-9]+', '\1') AS TIMESTAMP) AS wall
        FROM instant_text
    ) AS text_read
) AS text_placed
