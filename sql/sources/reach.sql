-- How a patient can be reached by one kind of identifier: whoever wrote something, usable or not.
-- What an export joins, ready made.
-- Returns: patient, kind, pseudonym (number of the keyed hash of the id), address (number of the
--          address's, null where nothing is left of it), valid, shared (another patient has the
--          same), plain (it stands as it is normalised, but for upper case)
-- Reads:   patient, address
-- Takes:   $identifier (email, phone, postal)
WITH written AS (
    SELECT
        patient,
        CASE CAST($identifier AS VARCHAR)
            WHEN 'email' THEN email
            WHEN 'phone' THEN phone
            ELSE postal
        END AS value
    FROM patient
),

best AS (
    SELECT patient, probe, valid
    FROM address
    WHERE kind = $identifier AND profile = 1
),

twice AS (
    SELECT probe FROM best GROUP BY probe HAVING count(*) > 1
)

SELECT
    w.patient,
    CAST($identifier AS VARCHAR) AS kind,
    own.probe AS pseudonym,
    b.probe AS address,
    coalesce(b.valid, FALSE) AS valid,
    t.probe IS NOT NULL AS shared,
    coalesce(
        CASE CAST($identifier AS VARCHAR)
            WHEN 'email'
                THEN
                    regexp_matches(
                        w.value,
                        '^[A-Za-z0-9][A-Za-z0-9.!#$%''+=^_~-]*@'
                        || '([A-Za-z0-9_-]+\.)+[A-Za-z0-9_-]*[A-Za-z0-9]$'
                    )
            WHEN 'phone' THEN regexp_matches(w.value, '^\+33[1-9][0-9]{8}$')
            ELSE FALSE
        END,
        FALSE
    ) AS plain
FROM written AS w
JOIN (SELECT patient, probe FROM address WHERE kind = 'patient_id') AS own
    ON w.patient = own.patient
LEFT JOIN best AS b ON w.patient = b.patient
LEFT JOIN twice AS t ON b.probe = t.probe
WHERE b.probe IS NOT NULL OR ($identifier = 'phone' AND trim(w.value) <> '')
