-- Those reached of whom more is to be read than new denials.
-- Returns: patient, since BIGINT
-- Reads:   reached, said_no
SELECT
    patient,
    since
FROM reached
WHERE patient NOT IN (SELECT said_no.patient FROM said_no)
