-- Where do the domains that publish a record fail over time?
--
-- Numerator: domains by the first stage that failed: record, then the policy's dns, tcp,
-- tls, http, body and syntax; nowhere if the policy is valid.
-- Denominator: domains that publish a record (n).
-- Caveat: an interval: a policy that is unknown may fail at any stage (high).
SELECT night, date, class AS stage, domains, n, unknown, low, high
FROM series
WHERE figure = 'stage' AND tld = '(all)'
ORDER BY night, list_position(['nowhere', 'record', 'dns', 'tcp', 'tls', 'http', 'body', 'syntax'], class);
