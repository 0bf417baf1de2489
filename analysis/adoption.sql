-- Which share of the domains publishes an MTA-STS record, over all and by TLD?
--
-- Numerator: domains with a record, be it valid, invalid or one of several
-- (present); the upper bound adds those that got no answer (unknown).
-- Where more than 1 % of the domains with an answer were denied without an SOA
-- (without_soa), high_without_soa is the upper bound that takes these for unknown too.
-- Denominator: all domains of the lists, less what was rejected, excluded (also
-- while the run lasted) or named before: run.json accounts for these.
-- Caveat: an interval, not an estimate: the true share of this list is between
-- low and high. It says nothing about domains that are not in the list. Denials without
-- an SOA are from forwarders that leave it out, or from lame servers, which do not know.
SELECT
    CASE WHEN grouping(tld) = 1 THEN '(all)' ELSE tld END AS tld,
    count(*) AS domains,
    count(*) FILTER (record IN ('valid', 'invalid', 'multiple')) AS present,
    count(*) FILTER (record = 'unknown') AS unknown,
    present / domains AS low,
    (present + unknown) / domains AS high,
    count(*) FILTER (denied_without_soa(record, findings)) AS without_soa,
    CASE WHEN without_soa > 0.01 * (domains - unknown) THEN (present + unknown + without_soa) / domains END AS high_without_soa
FROM rows
GROUP BY GROUPING SETS ((), (tld))
ORDER BY grouping(tld) DESC, domains DESC, tld;
