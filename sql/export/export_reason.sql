-- Each member with the first reason that stands against it whatever its address: 1
-- no_channel_consent, 2 suppressed, 3 preference, 4 frequency_cap; 0 none of these.
-- Returns: patient, reason
-- Reads:   export_member(patient, contactable), suppressed, preferring, capped
SELECT
    m.patient,
    CAST(
        CASE
            WHEN NOT coalesce(m.contactable, FALSE) THEN 1
            WHEN s.patient IS NOT NULL THEN 2
            WHEN p.patient IS NOT NULL THEN 3
            WHEN k.patient IS NOT NULL THEN 4
            ELSE 0
        END AS SMALLINT
    ) AS reason
FROM export_member AS m
LEFT JOIN suppressed AS s ON m.patient = s.patient
LEFT JOIN preferring AS p ON m.patient = p.patient
LEFT JOIN (SELECT DISTINCT patient FROM capped) AS k ON m.patient = k.patient
