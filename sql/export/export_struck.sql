-- Whether somebody who was to be exported no longer is.
-- Returns: someone
-- Reads:   export_written(patient), export_checked
SELECT count(*) > 0 AS someone
FROM export_written AS w
LEFT ANTI JOIN (SELECT patient FROM export_checked WHERE reason = 0) AS x ON w.patient = x.patient
