-- Members of an export whom an expression of will that reached us after it now keeps out: a denial,
-- or one that may be (C10), of theirs or of a linked id, that the export could not know or that
-- came into force later, and they may not be contacted now.
-- Returns: patient, late (whether one of them was in force before the export)
-- Reads:   recall_member(patient), contactable, link_group, consent, state_kind,
--          declared_scope(scope, name), earlier_consent (consent as the export knew it)
-- Takes:   $purpose, $channel, $topic, $exported_at
WITH silent AS (
    SELECT m.patient, coalesce(g.grp, m.patient) AS human
    FROM recall_member AS m
    LEFT ANTI JOIN contactable AS c ON m.patient = c.patient
    LEFT JOIN link_group AS g ON m.patient = g.patient
),

denial AS (
    SELECT c.event, c.patient, c.source, c.event_id, c.state, c.effective_at, c.recorded_at
    FROM consent AS c
    LEFT JOIN state_kind AS said ON said.state = c.state
    LEFT JOIN declared_scope AS p ON p.scope = 'purpose' AND c.purpose = p.name
    LEFT JOIN declared_scope AS h ON h.scope = 'channel' AND c.channel = h.name
    LEFT JOIN declared_scope AS t ON t.scope = 'topic' AND c.topic = t.name
    WHERE
        (said.kind IS NULL OR said.kind = 'denial')
        AND (p.name IS NULL OR c.purpose = $purpose)
        AND (h.name IS NULL OR c.channel = $channel)
        AND (t.name IS NULL OR c.topic = $topic OR CAST($topic AS VARCHAR) IS NULL)
),

fresh AS (
    SELECT d.patient, d.effective_at
    FROM denial AS d
    LEFT JOIN earlier_consent AS e
        ON
            d.patient = e.patient
            AND d.event_id = e.event_id
            AND d.source = e.source
            AND d.state = e.state
            AND d.effective_at IS NOT DISTINCT FROM e.effective_at
            AND d.recorded_at IS NOT DISTINCT FROM e.recorded_at
    WHERE e.patient IS NULL OR d.effective_at > $exported_at OR d.recorded_at > $exported_at
)

SELECT s.patient, bool_or(coalesce(f.effective_at < $exported_at, FALSE)) AS late
FROM silent AS s
JOIN (
    SELECT coalesce(g.grp, f.patient) AS human, f.effective_at
    FROM fresh AS f
    LEFT JOIN link_group AS g ON f.patient = g.patient
) AS f ON s.human = f.human
GROUP BY s.patient
