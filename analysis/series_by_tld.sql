-- How do adoption, policies, modes, errors and verdicts move in each of the largest top-level domains?
--
-- Numerator: domains of the top-level domain by figure and class: adoption, or policy,
-- mode, stage of the first failure and verdict, as in series_adoption.sql and the others.
-- Denominator: for adoption, all domains of the run in the top-level domain; else those that
-- publish a record (n).
-- Caveat: an interval: what is unknown may be of any class (high). Only the ten top-level
-- domains with most domains in the last run; n is small in some of them.
SELECT night, date, tld, figure, class, domains, n, unknown, low, high
FROM series
WHERE tld <> '(all)' AND class <> 'not published'
ORDER BY figure_number, place, class, night;
