-- What changed from each run to the next?
--
-- Numerator: domains by kind of change; a domain can have several. regression marks
-- those that take protection away or that senders cannot see.
-- Denominator: domains that publish a record in the later run, or did in one before
-- and are in its list.
-- Caveat: what got no answer is no change: each night is compared with what was
-- last known before. Domains that are not in both lists are left out. A run that is not
-- complete is refused as the earlier one.
WITH known AS (SELECT night, count(*) AS domains FROM compared WHERE present OR was.present GROUP BY night)
SELECT night, date, kind, any_value(regression) AS regression, count(*) AS domains, count(*) / any_value(known.domains) AS share
FROM changed JOIN known USING (night)
GROUP BY night, date, kind
ORDER BY night, regression DESC, domains DESC, kind;
