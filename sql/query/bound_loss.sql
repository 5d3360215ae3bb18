-- What the bounds cost: how many patients are asked about, lose a cell, have a value clipped, and the tenths of their own rows that do
-- not count, to the nearest, summed over patients. Confidential.
-- Returns: one row: asked, cut, clipped, lost (BIGINT, 0 where nobody is asked about)
-- Reads:   kept_cell, wide_patient
-- Takes:   __counted__ (rows of a patient and cell that count), __clipped__ (1 where a bound moved a value, else 0)
WITH kept AS (
    SELECT patient, sum(many) AS had, sum(__counted__) AS many, max(__clipped__) AS clipped
    FROM kept_cell
    GROUP BY patient
),
held AS (
    SELECT
        kept.many,
        kept.clipped,
        coalesce(wide_patient.many, kept.had) AS had,
        CASE WHEN wide_patient.patient IS NULL THEN 0 ELSE 1 END AS cut
    FROM kept
    LEFT JOIN wide_patient ON wide_patient.patient = kept.patient
)
SELECT
    count(*) AS asked,
    CAST(coalesce(sum(cut), 0) AS BIGINT) AS cut,
    CAST(coalesce(sum(clipped), 0) AS BIGINT) AS clipped,
    CAST(coalesce(sum(CAST(floor(10.0 * (had - many) / had + 0.5) AS BIGINT)), 0) AS BIGINT) AS lost
FROM held
