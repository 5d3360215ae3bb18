-- Humans who are eligible now, by the first of three later moments at which they no longer are, if
-- nothing new is said or learned.
-- Returns: patient (the human), dim_lapse SMALLINT (0 to 2: gone at that moment; 3: still eligible
--          at the last)
-- Reads:   human_now, human_first, human_second, human_third (the eligible at each moment)
SELECT
    eligible.human AS patient,
    CAST(CASE
        WHEN first_moment.human IS NULL THEN 0
        WHEN second_moment.human IS NULL THEN 1
        WHEN third_moment.human IS NULL THEN 2
        ELSE 3
    END AS SMALLINT) AS dim_lapse
FROM human_now AS eligible
LEFT JOIN human_first AS first_moment ON first_moment.human = eligible.human
LEFT JOIN human_second AS second_moment ON second_moment.human = eligible.human
LEFT JOIN human_third AS third_moment ON third_moment.human = eligible.human
