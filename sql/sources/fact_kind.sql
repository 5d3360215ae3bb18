-- Whether each number column of a fact table holds whole numbers alone.
-- Returns: one column of truth for each of __whole__
-- Reads:   raw_fact
-- Takes:   __whole__
SELECT __whole__ FROM raw_fact
