-- The keyed hashes that must not be contacted, by the number they are joined on (60 bits of the hash; a chance match suppresses).
-- Returns: kind, probe
-- Reads:   suppression_covering, soft_bounced
SELECT kind, probe FROM suppression_covering WHERE reason <> 'soft_bounce' OR reason IS NULL
UNION ALL
SELECT kind, probe FROM soft_bounced
