-- Identifiers that Python read, in every form: the written one has profile 1, other spellings and
-- readings 2, what earlier versions kept 3.
-- Returns: item, kind (of the form: an address has domains), profile, normal, valid, kept (entries
--          keep it), doubt (what is to be told)
-- Reads:   identifier_given, identifier_done(kind, value, form, profile, normal, valid, kept,
--          doubt)
SELECT g.item, d.form AS kind, d.profile, d.normal, d.valid, d.kept, d.doubt
FROM identifier_given AS g
JOIN identifier_done AS d ON g.kind = d.kind AND g.value = d.value
