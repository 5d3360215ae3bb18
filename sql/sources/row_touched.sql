-- Patients who have other rows in a table than before.
-- Returns: patient
-- Reads:   row_before, row_after (the same columns)
-- Takes:   __columns__
SELECT DISTINCT patient
FROM (
    (
        SELECT __columns__ FROM row_before
        EXCEPT ALL
        SELECT __columns__ FROM row_after
    )
    UNION ALL
    (
        SELECT __columns__ FROM row_after
        EXCEPT ALL
        SELECT __columns__ FROM row_before
    )
) AS differing
