-- The first profile of every identifier, and which profile it is: 2 for a phone number that is digits only (S3).
-- Returns: item, kind, profile, normal, valid. Reads: identifier_plain, identifier_given, identifier_done(kind, value, profile, normal, valid).
SELECT
    item,
    kind,
    1 AS profile,
    clean AS normal,
    kind <> 'email' OR regexp_matches(clean, '^[^@]+@[^@.]+(\.[^@.]+)+$') AS valid
FROM identifier_plain
WHERE clean <> ''
UNION ALL
SELECT g.item, g.kind, d.profile, d.normal, d.valid
FROM identifier_given AS g
JOIN identifier_done AS d ON g.kind = d.kind AND g.value = d.value
WHERE d.normal <> ''
