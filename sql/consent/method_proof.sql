-- The methods that a person uses; what a system makes proves no grant (C2).
-- Returns: method
SELECT method
FROM (
    VALUES
    ('web_form'),
    ('app'),
    ('paper'),
    ('phone_recorded'),
    ('in_person'),
    ('chatbot'),
    ('voicebot'),
    ('sms_keyword')
) AS known (method)
