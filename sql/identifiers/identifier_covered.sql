-- Domains that an entry may cover by another name than their own: subdomains, and Google's second.
-- Returns: domain (once)
-- Reads:   identifier_named_domain
SELECT DISTINCT domain
FROM identifier_named_domain
WHERE domain LIKE '%.%.%' OR domain = 'googlemail.com'
