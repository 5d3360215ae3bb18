-- Members of an export: eligible patients, one a human, in the kept cells of the segment (P6).
-- Returns: patient, contactable
-- Reads:   eligible (the gate's table), kept_cell (dim_<name> ... of the segment's own dimensions)
-- Takes:   __same_cell__ (condition over e and k)
SELECT e.patient, e.contactable
FROM eligible AS e
LEFT SEMI JOIN kept_cell AS k ON __same_cell__
