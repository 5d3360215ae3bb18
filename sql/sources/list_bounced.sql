-- Bounces of a sender's table by the mail server's code and answer (S4): 4.x is a deferral and
-- x.7.x a block, both soft bounces; any other 5.x is a hard one. A code such as 5.0.0 says nothing,
-- then the answer speaks; where neither does, it is a hard bounce and told of.
-- Returns: origin, line, kind, value, channel, own, among, purpose, topic, reason, since, until,
--          event, told
-- Reads:   raw_list
-- Takes:   $channel, $topic, $unread (what is told)
SELECT
    raw_origin AS origin, raw_line AS line, 'email' AS kind, email AS value, $channel AS channel,
    $channel NOT IN ('', '*') AS own, '' AS among, '' AS purpose,
    $topic AS topic, CASE WHEN bounce = '' THEN 'hard_bounce' ELSE bounce END AS reason,
    CASE
        WHEN regexp_full_match(since, '[0-9]{1,11}')
            THEN strftime(make_timestamp(CAST(since AS BIGINT) * 1000000), '%Y-%m-%dT%H:%M:%SZ')
        ELSE since
    END AS since,
    '' AS until, '' AS event,
    CASE WHEN bounce = '' THEN $unread ELSE '' END AS told
FROM (
    SELECT
        raw_origin, raw_line, email, since,
        CASE
            WHEN regexp_full_match(trim(said), '[245][.][0-9]{1,3}[.][0-9]{1,3}')
                AND NOT regexp_full_match(trim(said), '[245][.]0[.]0')
                THEN CASE
                    WHEN regexp_matches(trim(said), '^(4|[25][.]7[.])') THEN 'soft_bounce'
                    ELSE 'hard_bounce'
                END
            WHEN regexp_matches(
                answer, '(^|[^0-9.])[245][.]7[.][0-9]{1,3}($|[^0-9.]|[.]($|[^0-9]))'
            )
                OR starts_with(trim(said), '4')
                THEN 'soft_bounce'
            WHEN starts_with(trim(said), '5') THEN 'hard_bounce'
            WHEN regexp_matches(
                answer,
                '(^|[^0-9.])5([0-5][0-9]|[.][0-9]{1,3}[.][0-9]{1,3})($|[^0-9.]|[.]($|[^0-9]))'
            )
                THEN 'hard_bounce'
            WHEN regexp_matches(
                answer,
                '(^|[^0-9.])4([0-5][0-9]|[.][0-9]{1,3}[.][0-9]{1,3})($|[^0-9.]|[.]($|[^0-9]))'
            )
                THEN 'soft_bounce'
            ELSE ''
        END AS bounce
    FROM raw_list
) AS answered
