-- From when on contacts have to be known to decide the caps that patients set themselves.
-- Returns: from_at (null: nobody set one)
-- Reads:   preference_cap
SELECT min(from_at) AS from_at
FROM preference_cap
