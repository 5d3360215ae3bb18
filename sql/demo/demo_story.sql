-- The consent stories of the demo clinic, by a die of 1000: each row is one expression of will in a
-- story. `days` are days after the story's beginning (negative: before), `scope` is
-- purpose/channel/topic, `names`: the categories it names, `flaw` what is wrong with it, if
-- anything.
-- Returns: story, drawn_from, drawn_to, step, days, state, purpose, channel, topic, names, flaw
SELECT story, drawn_from, drawn_to, step, days, state, purpose, channel, topic, names, flaw
FROM (
    VALUES
    ('everything', 0, 299, 1, 0, 'given', 'prevention', '*', '*', 'care', ''),
    ('everything', 0, 299, 2, 0, 'given', 'offers', '*', '*', 'plain', ''),
    ('everything', 0, 299, 3, 0, 'given', 'statistics', '*', '*', 'stats', ''),
    ('prevention', 300, 449, 1, 0, 'given', 'prevention', '*', '*', 'care', ''),
    ('prevention', 300, 449, 2, 0, 'given', 'statistics', '*', '*', 'stats', ''),
    ('by email', 450, 539, 1, 0, 'given', 'prevention', 'email', '*', 'care', ''),
    ('newsletter', 540, 619, 1, 0, 'given', 'offers', 'email', 'newsletter', 'plain', ''),
    ('never asked', 620, 729, 1, 0, 'requested', 'prevention', '*', '*', 'none', ''),
    ('left', 730, 779, 1, -200, 'given', 'prevention', '*', '*', 'care', ''),
    ('left', 730, 779, 2, -200, 'given', 'offers', '*', '*', 'plain', ''),
    ('left', 730, 779, 3, 0, 'withdrawn', '*', '*', '*', 'none', ''),
    ('no texts', 780, 809, 1, -90, 'given', 'prevention', '*', '*', 'care', ''),
    ('no texts', 780, 809, 2, 0, 'withdrawn', 'prevention', 'sms', '*', 'none', ''),
    ('came back', 810, 829, 1, -50, 'withdrawn', '*', '*', '*', 'none', ''),
    ('came back', 810, 829, 2, 0, 'given', 'prevention', 'email', 'screening', 'care', ''),
    ('resurrected', 830, 849, 1, -40, 'objected', 'prevention', '*', '*', 'none', ''),
    ('resurrected', 830, 849, 2, 0, 'given', 'prevention', '*', '*', 'care', 'sync'),
    ('imported flag', 850, 889, 1, 0, 'given', 'prevention', '*', '*', 'care', 'import'),
    ('no proof', 890, 904, 1, 0, 'given', 'prevention', '*', '*', 'care', 'no evidence'),
    ('unconfirmed', 905, 934, 1, 0, 'given', 'prevention', 'email', '*', 'care', 'unconfirmed'),
    ('long ago', 935, 954, 1, -1200, 'given', 'prevention', '*', '*', 'care', ''),
    ('not explicit', 955, 964, 1, 0, 'given', 'prevention', '*', '*', 'any', ''),
    ('old notice', 965, 979, 1, 0, 'given', 'prevention', '*', '*', 'care', 'old notice'),
    ('late letter', 980, 989, 1, -300, 'given', 'prevention', '*', '*', 'care', ''),
    ('late letter', 980, 989, 2, 0, 'withdrawn', 'prevention', '*', '*', 'none', 'late'),
    ('tie', 990, 993, 1, 0, 'given', 'prevention', '*', '*', 'care', ''),
    ('tie', 990, 993, 2, 0, 'refused', 'prevention', '*', '*', 'none', ''),
    ('illegible', 994, 996, 1, 0, 'withdrawn', 'prevention', '*', '*', 'none', 'bad date'),
    ('odd state', 997, 999, 1, 0, 'opt-out?', 'prevention', '*', '*', 'none', '')
) AS stories (story, drawn_from, drawn_to, step, days, state, purpose, channel, topic, names, flaw)
