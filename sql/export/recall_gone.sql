-- Members of an export who are dead or erased now, or linked to somebody who is (C12, C13).
-- Returns: patient
-- Reads:   recall_member(patient), patient, aside, erased, link_group
WITH gone AS (
    SELECT patient FROM patient WHERE deceased
    UNION
    SELECT patient FROM aside WHERE deceased
    UNION
    SELECT patient FROM erased
),

gone_human AS (
    SELECT DISTINCT coalesce(g.grp, gone.patient) AS human
    FROM gone
    LEFT JOIN link_group AS g ON gone.patient = g.patient
)

SELECT DISTINCT m.patient
FROM recall_member AS m
LEFT JOIN link_group AS g ON m.patient = g.patient
LEFT SEMI JOIN gone_human AS h ON coalesce(g.grp, m.patient) = h.human
