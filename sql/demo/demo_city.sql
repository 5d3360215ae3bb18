-- Where patients live, by a die of 100.
-- Returns: city, postcode, drawn_from, drawn_to
SELECT city, postcode, drawn_from, drawn_to
FROM (
    VALUES
    ('Brest', '29200', 0, 45),
    ('Landerneau', '29800', 46, 55),
    ('Guipavas', '29490', 56, 63),
    ('Plougastel-Daoulas', '29470', 64, 70),
    ('Morlaix', '29600', 71, 77),
    ('Quimper', '29000', 78, 84),
    ('Crozon', '29160', 85, 89),
    ('Châteaulin', '29150', 90, 93),
    ('Lannion', '22300', 94, 97),
    ('Ouessant', '29242', 98, 99)
) AS cities (city, postcode, drawn_from, drawn_to)
