-- Which data categories an expression of will names.
-- Returns: names, category
SELECT names, category
FROM (
    VALUES
    ('care', 'identity'), ('care', 'contact'), ('care', 'care'),
    ('plain', 'identity'), ('plain', 'contact'),
    ('stats', 'identity'), ('stats', 'care'),
    ('any', '*'), ('none', '*')
) AS named (names, category)
