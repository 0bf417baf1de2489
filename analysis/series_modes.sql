-- What do valid policies ask of senders over time?
--
-- Numerator: domains by the mode of their valid policy.
-- Denominator: domains that publish a record (n), not those with a valid policy alone: who
-- loses the policy would else move the share of every mode.
-- Caveat: an interval: a policy that is unknown may be valid, of any mode (high).
SELECT night, date, class AS mode, domains, n, unknown, low, high
FROM series
WHERE figure = 'mode' AND tld = '(all)'
ORDER BY night, list_position(['enforce', 'testing', 'none', 'no valid policy'], class);
