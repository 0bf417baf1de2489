-- What does a compliant sender experience over time that meets the domain for the first time?
--
-- Numerator: domains by verdict.
-- Denominator: domains that publish a record (n).
-- Caveat: an interval: a verdict that is unknown may be any (high). Senders that have an
-- older policy in their cache experience something else.
SELECT night, date, class AS verdict, domains, n, unknown, low, high
FROM series
WHERE figure = 'verdict' AND tld = '(all)'
ORDER BY night, list_position(['no_sts', 'broken', 'valid_none', 'testing_ok', 'testing_would_fail', 'enforce_ok', 'enforce_partial', 'enforce_refused'], class);
