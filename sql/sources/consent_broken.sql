-- Broken lines of consent that may be a denial of a known patient: each denies on the widest scope,
-- and has no date that could be read (C10). Of the readings of a line, one with a state that denies
-- nothing clears it, unless another denies.
-- Returns: consent_kept's columns
-- Reads:   broken_line, state_kind, identity
-- Takes:   $first_broken (the number of the first)
SELECT
    $first_broken + row_number() OVER (ORDER BY d.origin, d.line, d.patient) - 1 AS event,
    d.patient,
    '' AS event_id, '' AS source, '' AS purpose, '' AS channel, '' AS topic, '' AS category,
    coalesce(d.denial, '') AS state,
    '' AS method, '' AS expressed_by, '' AS notice_version, '' AS evidence, FALSE AS evidenced,
    CAST(NULL AS TIMESTAMP) AS effective_at, CAST(NULL AS TIMESTAMP) AS recorded_at,
    CAST(NULL AS TIMESTAMP) AS confirmed_at, CAST(NULL AS TIMESTAMP) AS valid_until,
    CAST(3 AS SMALLINT) AS dates,
    d.origin, d.line
FROM (
    SELECT i.patient, said.origin, said.line, said.denial
    FROM (
        SELECT
            reading.origin, reading.line,
            max(CASE WHEN known.kind = 'denial' THEN known.state END) AS denial,
            bool_or(known.kind IN ('grant', 'silent')) AS harmless
        FROM broken_line AS reading
        LEFT JOIN state_kind AS known ON known.state = lower(trim(reading.state))
        GROUP BY reading.origin, reading.line
    ) AS said
    JOIN (SELECT DISTINCT origin, line, patient_id FROM broken_line) AS named
        ON named.origin = said.origin AND named.line = said.line
    JOIN identity AS i ON i.patient_id = named.patient_id
    WHERE said.denial IS NOT NULL OR NOT coalesce(said.harmless, FALSE)
) AS d
