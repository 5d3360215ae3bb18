-- Whether a column of texts holds anything of the erased: not as part of a longer word, address or
-- hash, which is somebody else's.
-- Returns: found
-- Reads:   erase_source, needle(text: lower case)
-- Takes:   __column__
SELECT count(*) > 0 AS found
FROM (SELECT lower(__column__) AS text FROM erase_source) AS s
JOIN needle AS n
    ON
        contains(s.text, n.text)
        AND regexp_matches(
            s.text,
            '(^|[^0-9a-z._+-])' || regexp_replace(n.text, '([][\\.+*?(){}|^$])', '\\\1', 'g')
                || '($|[^0-9a-z])'
        )
