-- Patients with their age on the local day of the question. A birth date wins over an age that was
-- written down.
-- Returns: patient's columns, age_now INTEGER (full years; who is born on 29 February grows older
--          on 1 March)
-- Reads:   patient
-- Takes:   $today (the local date of as_of)
SELECT
    *,
    CASE
        WHEN birth_date IS NULL THEN CAST(age AS INTEGER)
        ELSE CAST(
            year(CAST($today AS DATE)) - year(birth_date)
            - CASE
                WHEN
                    month(
                        CAST($today AS DATE)
                    ) * 100 + day(CAST($today AS DATE)) < month(birth_date) * 100 + day(birth_date)
                    THEN 1
                ELSE 0
            END AS INTEGER
        )
    END AS age_now
FROM patient
