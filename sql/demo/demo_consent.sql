-- The consent events of the demo clinic, one row an expression and category, traps included.
-- Returns: event_id, patient_id, purpose, channel, topic, category, state, effective_at,
--          recorded_at, confirmed_at, valid_until, method, expressed_by, notice_version, evidence,
--          source (all text)
-- Reads:   demo_draw, demo_story, demo_named
-- Takes:   $seed, $today
WITH told AS (
    SELECT
        d.i, d.patient_id, s.*, n.category,
        CAST($today AS TIMESTAMP)
        - to_seconds(86400 * (20 + d_moment % 680 - s.days) + d_moment % 30000) AS moment,
        CASE WHEN s.days = 0 THEN 1 ELSE 0 END AS latest
    FROM demo_draw AS d
    JOIN demo_story AS s ON d.d_story BETWEEN s.drawn_from AND s.drawn_to
    JOIN demo_named AS n ON n.names = s.names
),

dated AS (
    SELECT
        *,
        CASE
            WHEN flaw = 'late' THEN CAST($today AS TIMESTAMP) - to_seconds(3600 * (2 + i % 20))
            ELSE moment + to_seconds(60 * (i % 90))
        END AS recorded
    FROM told
)

SELECT
    'E' || lpad(CAST(i AS VARCHAR), 8, '0') || '-' || CAST(step AS VARCHAR) || '-' || category
        AS event_id,
    patient_id, purpose, channel, topic, category, state,
    CASE
        WHEN flaw = 'bad date' THEN strftime(moment, '%d/%m/%y')
        ELSE strftime(moment, '%Y-%m-%dT%H:%M:%SZ')
    END AS effective_at,
    strftime(recorded, '%Y-%m-%dT%H:%M:%SZ') AS recorded_at,
    CASE
        WHEN state = 'given' AND flaw <> 'unconfirmed'
            THEN strftime(moment + to_seconds(420), '%Y-%m-%dT%H:%M:%SZ')
        ELSE ''
    END AS confirmed_at,
    '' AS valid_until,
    CASE
        WHEN flaw IN ('sync', 'import') THEN flaw
        WHEN flaw = 'late' THEN 'paper'
        WHEN state = 'withdrawn' AND channel = 'sms' THEN 'sms_keyword'
        ELSE list_extract(
            ['web_form', 'in_person', 'paper', 'app', 'phone_recorded'],
            CAST(1 + hash(hash($seed, i, step, 'method')) % 5 AS BIGINT)
        )
    END AS method,
    'self' AS expressed_by,
    CASE
        WHEN flaw = 'old notice' THEN '2019-05'
        WHEN purpose = 'offers' OR i % 3 > 0 THEN '2026-01'
        ELSE '2025-01'
    END AS notice_version,
    CASE
        WHEN flaw IN ('no evidence', 'import') THEN ''
        ELSE 'doc-' || CAST(i AS VARCHAR) || '-' || CAST(step AS VARCHAR)
    END AS evidence,
    list_extract(
        ['accueil', 'site', 'application', 'standard'],
        CAST(1 + hash(hash($seed, i, step, 'source')) % 4 AS BIGINT)
    ) AS source
FROM dated
ORDER BY hash(hash($seed, i, step, category)), event_id
