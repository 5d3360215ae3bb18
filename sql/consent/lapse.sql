-- Humans who are eligible now, by the first of three later moments at which they no longer are, if
-- nothing new is said or learned.
-- Returns: patient (the human), dim_lapse SMALLINT (0 to 2: gone at that moment; 3: still eligible
--          at the last)
-- Reads:   human_now, human_first, human_second, human_third (the eligible at each moment)
SELECT
    whole.human AS patient,
    CAST(CASE
        WHEN one.human IS NULL THEN 0
        WHEN two.human IS NULL THEN 1
        WHEN three.human IS NULL THEN 2
        ELSE 3
    END AS SMALLINT) AS dim_lapse
FROM human_now AS whole
LEFT JOIN human_first AS one ON one.human = whole.human
LEFT JOIN human_second AS two ON two.human = whole.human
LEFT JOIN human_third AS three ON three.human = whole.human
