-- One table of a snapshot as it is: it names nobody.
-- Returns: the columns of erase_source
-- Reads:   erase_source
SELECT *
FROM erase_source
