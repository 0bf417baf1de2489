-- How does adoption move over time?
--
-- Numerator: domains with a record, be it valid, invalid or one of several (low); high
-- adds those that got no answer (unknown).
-- Denominator: all domains of the run (n).
-- Caveat: an interval for each run, not an estimate. Where the lists differ from run to
-- run, so do the domains. date is the day on which the run began, in UTC.
SELECT night, date, domains, n, unknown, low, high
FROM series
WHERE figure = 'adoption' AND tld = '(all)' AND class = 'published'
ORDER BY night;
