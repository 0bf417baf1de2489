-- Which domains changed since the run before, and how?
--
-- Numerator: domains by kind of change, with what was before and what is now (of policies,
-- the fields that differ); those that lost protection first.
-- Denominator: the changes of the last run; changes.sql counts them.
-- Caveat: at most 10,000 are listed. A domain can have several changes.
SELECT kind, regression, domain, tags, before, after, count(*) OVER () AS total_rows
FROM changed
WHERE night = len(getvariable('runs'))
ORDER BY regression DESC, kind, domain
LIMIT 10000;
