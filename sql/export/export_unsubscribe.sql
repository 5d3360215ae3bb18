-- Normalised identifiers with the person's List-Unsubscribe URL: the base and a keyed token of file
-- alias and patient_id.
-- Returns: item, normal, unsubscribe_url
-- Reads:   identifier_first, identity
-- Takes:   $inner, $outer (HMAC pads), $alias, $unsubscribe_url
SELECT
    f.item,
    f.normal,
    $unsubscribe_url
        || left(
            sha256($outer || unhex(sha256($inner || encode($alias || i.patient_id)))), 32
        ) AS unsubscribe_url
FROM identifier_first AS f
JOIN identity AS i ON f.item = i.patient
