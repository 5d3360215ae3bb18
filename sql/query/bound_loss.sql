-- What the bounds cost: how many patients are asked about, lose a cell, have a value clipped, and the tenths of their own rows that do
-- not count, to the nearest, summed over patients. Confidential.
-- Returns: one row: asked, cut, clipped, lost (BIGINT, 0 where nobody is asked about)
-- Reads:   asked_cell, kept_cell
-- Takes:   __counted__ (rows of a patient and cell that count), __clipped__ (1 where a bound moved a value, else 0)
WITH had AS (
    SELECT patient, count(*) AS cells, sum(many) AS many
    FROM asked_cell
    GROUP BY patient
),
kept AS (
    SELECT patient, count(*) AS cells, sum(__counted__) AS many, max(__clipped__) AS clipped
    FROM kept_cell
    GROUP BY patient
)
SELECT
    count(*) AS asked,
    CAST(coalesce(sum(CASE WHEN had.cells > kept.cells THEN 1 ELSE 0 END), 0) AS BIGINT) AS cut,
    CAST(coalesce(sum(kept.clipped), 0) AS BIGINT) AS clipped,
    CAST(coalesce(sum(CAST(floor(10.0 * (had.many - kept.many) / had.many + 0.5) AS BIGINT)), 0) AS BIGINT) AS lost
FROM had
INNER JOIN kept ON kept.patient = had.patient
