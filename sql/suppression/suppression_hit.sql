-- Whom an entry that covers an export names: for soft bounces, from the third within 30 days on
-- (S4).
-- Returns: patient
-- Reads:   suppression_covering, soft_bounced
SELECT patient
FROM suppression_covering
WHERE reason <> 'soft_bounce' OR reason IS NULL
UNION ALL
SELECT c.patient
FROM suppression_covering AS c
LEFT SEMI JOIN soft_bounced AS s ON c.probe = s.probe AND c.kind = s.kind
WHERE c.reason = 'soft_bounce'
