-- The state of those who said nothing new but denials: what they were allowed, without what the new
-- denials forbid. A new denial takes the place of an older one of its scope only if it is later, so
-- it forbids no less (C7); all else about them is as it was.
-- Returns: person's columns
-- Reads:   previous_person, deciding, denied (what those forbid), next_denial (of the new denials
--          alone)
-- Takes:   __allow__, __dimensions__
SELECT
    earlier.patient,
    earlier.grp,
    least(earlier.due_at, denial.due_at) AS due_at,
    __allow__,
    __dimensions__
FROM previous_person AS earlier
JOIN deciding ON deciding.patient = earlier.patient
LEFT JOIN denied ON denied.patient = earlier.patient
LEFT JOIN next_denial AS denial ON denial.human = coalesce(earlier.grp, earlier.patient)
