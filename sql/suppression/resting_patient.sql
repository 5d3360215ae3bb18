-- Members who refused, or any id linked to them did, on this channel so recently that the refusal
-- still rests, whatever came after it.
-- Returns: patient (once)
-- Reads:   consent, state_kind, link_group, export_member
-- Takes:   $channel, $refused_from, $planned_at
WITH refusal AS (
    SELECT DISTINCT coalesce(g.grp, c.patient) AS human
    FROM consent AS c
    JOIN state_kind AS said ON said.state = c.state
    LEFT JOIN link_group AS g ON c.patient = g.patient
    WHERE
        said.refusal
        AND (c.channel = $channel OR c.channel IN ('', '*') OR c.channel IS NULL)
        AND c.effective_at > $refused_from
        AND c.effective_at <= $planned_at
)

SELECT m.patient
FROM export_member AS m
LEFT JOIN link_group AS g ON m.patient = g.patient
LEFT SEMI JOIN refusal ON coalesce(g.grp, m.patient) = refusal.human
