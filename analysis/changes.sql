-- What changed from each run to the next?
--
-- Numerator: domains by kind of change; a domain can have several. regression marks
-- those that take protection away or that senders cannot see.
-- Denominator: domains that publish a record in the later run, or did in one before
-- and are in its list.
-- Caveat: what got no answer is no change: each night is compared with what was
-- last known before, in what both asked (history.sql says how). To give up a record is
-- a regression only if its policy was enforced. Domains that are not in both lists are left out. A run that is not
-- complete is refused as the earlier one.
WITH known AS (SELECT night, count(*) AS domains FROM compared WHERE present OR was.present GROUP BY night)
SELECT night, kind, regression, count(*) AS domains, count(*) / any_value(known.domains) AS share
FROM changed JOIN known USING (night)
GROUP BY night, kind, regression
ORDER BY night, regression DESC, domains DESC, kind;
