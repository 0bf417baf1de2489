-- How do the policies of the domains that publish a record fare over time?
--
-- Numerator: domains by the class of their policy, or with a record that is not valid.
-- Denominator: domains that publish a record (n).
-- Caveat: an interval: a policy that is unknown may be of any class (high). Those whose
-- record is unknown are in neither number.
SELECT night, date, class, domains, n, unknown, low, high
FROM series
WHERE figure = 'policy' AND tld = '(all)'
ORDER BY night, list_position(['valid', 'invalid', 'missing', 'unreachable', 'forbidden', 'record not valid'], class), class;
