-- The events that decide the touched.
-- Returns: consent_few's columns
-- Reads:   consent_few (the events of those reached), touched
SELECT *
FROM consent_few
WHERE patient IN (SELECT touched.patient FROM touched)
