-- The quarantine without the lines that hold an id or identifier of the erased, as a word of its
-- own.
-- Returns: the columns of erase_source
-- Reads:   erase_source(content, ...), gone_text(text)
SELECT s.*
FROM erase_source AS s
LEFT ANTI JOIN gone_text AS g
    ON
        contains(lower(s.content), g.text)
        AND regexp_matches(
            ' ' || lower(s.content) || ' ',
            '[^0-9a-z]' || regexp_replace(g.text, '([][\\.+*?(){}|^$])', '\\\1', 'g') || '[^0-9a-z]'
        )
