-- The state: one row a patient, with what may be asked of it and when that may next change.
-- Returns: patient, grp (NULL if not linked), due_at (NULL never), allow_<word> BIGINT ...,
--          dim_<name> SMALLINT
-- Reads:   patient, profile, link_group, granted, denied, next_denial, refused_patient, birthday
-- Takes:   __allow__, __dimensions__
SELECT
    patient.patient,
    link.grp,
    least(given.due_at, denial.due_at, birthday.due_at) AS due_at,
    __allow__,
    __dimensions__
FROM patient
JOIN profile ON profile.patient = patient.patient
LEFT JOIN link_group AS link ON link.patient = patient.patient
LEFT JOIN granted AS given ON given.patient = patient.patient
LEFT JOIN denied ON denied.patient = patient.patient
LEFT JOIN next_denial AS denial ON denial.human = coalesce(link.grp, patient.patient)
LEFT JOIN refused_patient AS refused ON refused.patient = patient.patient
LEFT JOIN birthday ON birthday.patient = patient.patient
