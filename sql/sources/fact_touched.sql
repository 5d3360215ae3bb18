-- Patients with new rows in a fact table.
-- Returns: patient
-- Reads:   fact_new
SELECT DISTINCT patient FROM fact_new
