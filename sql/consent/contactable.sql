-- Patients who may be reached on one channel with what an export carries.
-- Returns: patient
-- Reads:   person
-- Takes:   __allowed__
SELECT patient
FROM person
WHERE __allowed__
