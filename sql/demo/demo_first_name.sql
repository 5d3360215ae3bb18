-- First names by sex and the generation they were given to.
-- Returns: sex, born_from, born_to (years), names (a list of ten)
SELECT sex, born_from, born_to, names
FROM (
    VALUES
    ('F', 1900, 1945, [
        'Jeanne', 'Denise', 'Simone', 'Yvonne', 'Paulette', 'Marie-Thérèse', 'Odette',
        'Raymonde', 'Andrée', 'Soizic'
    ]),
    ('F', 1946, 1965, [
        'Monique', 'Françoise', 'Chantal', 'Annick', 'Michèle', 'Brigitte', 'Nicole', 'Martine',
        'Maryvonne', 'Fatima'
    ]),
    ('F', 1966, 1985, [
        'Nathalie', 'Isabelle', 'Sandrine', 'Céline', 'Stéphanie', 'Karine', 'Gaëlle', 'Nadia',
        'Virginie', 'Hélène'
    ]),
    ('F', 1986, 2003, [
        'Marine', 'Laura', 'Pauline', 'Camille', 'Manon', 'Inès', 'Chloé', 'Enora', 'Sarah',
        'Mathilde'
    ]),
    ('F', 2004, 2100, [
        'Emma', 'Léa', 'Louise', 'Jade', 'Lina', 'Alice', 'Nolwenn', 'Rose', 'Maëlys', 'Zoé'
    ]),
    ('M', 1900, 1945, [
        'René', 'Marcel', 'Roger', 'Yves', 'Louis', 'Lucien', 'Eugène', 'Fernand', 'Corentin',
        'Émile'
    ]),
    ('M', 1946, 1965, [
        'Jean-Pierre', 'Michel', 'Alain', 'Bernard', 'Daniel', 'Gérard', 'Jacques', 'Hervé',
        'Ahmed', 'Jean-Yves'
    ]),
    ('M', 1966, 1985, [
        'Philippe', 'Christophe', 'Laurent', 'Stéphane', 'Sébastien', 'Ronan', 'Frédéric',
        'Karim', 'Gwenaël', 'Olivier'
    ]),
    ('M', 1986, 2003, [
        'Thomas', 'Nicolas', 'Julien', 'Maxime', 'Alexandre', 'Yann', 'Mehdi', 'Antoine',
        'Quentin', 'Hugo'
    ]),
    ('M', 2004, 2100, [
        'Lucas', 'Gabriel', 'Léo', 'Malo', 'Adam', 'Jules', 'Noah', 'Ethan', 'Titouan', 'Raphaël'
    ])
) AS given_names (sex, born_from, born_to, names)
