-- The rows of those who said nothing new but denials: what they were allowed, less what the new
-- denials forbid. A new denial takes the place of an older one of its scope only where it is later
-- and so forbids no less (C7); all else about them is as it was.
-- Returns: person's columns
-- Reads:   newest_denial (the new ones alone), previous_person, touched, denied (what those forbid)
-- Takes:   __allow__, __dimensions__
WITH next_denial AS (
    SELECT
        human,
        min(due_at) AS due_at
    FROM newest_denial
    WHERE due_at IS NOT NULL
    GROUP BY human
)

SELECT
    earlier.patient,
    earlier.grp,
    least(earlier.due_at, denial.due_at) AS due_at,
    __allow__,
    __dimensions__
FROM previous_person AS earlier
JOIN touched ON touched.patient = earlier.patient
LEFT JOIN denied ON denied.patient = earlier.patient
LEFT JOIN next_denial AS denial ON denial.human = coalesce(earlier.grp, earlier.patient)
