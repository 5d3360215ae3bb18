-- One row a patient: the code of every dimension over patient columns.
-- Returns: patient, dim_<name> SMALLINT (position in the dimension's labels)
-- Reads:   patient_now
-- Takes:   __dimensions__ (one CASE a dimension)
SELECT
    patient,
    __dimensions__
FROM patient_now
