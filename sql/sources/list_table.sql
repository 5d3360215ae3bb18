-- The rows of one tabular list in the order of columns of `list_written`.
-- Returns: origin, line, kind, value, channel, purpose, topic, reason, since, until, event. Reads: list_found.
SELECT raw_origin AS origin, raw_line AS line, kind, value, channel, purpose, topic, reason, since, until, event FROM list_found
