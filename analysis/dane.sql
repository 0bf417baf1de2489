-- How many domains with MTA-STS have DANE too, and which of the two protects more?
--
-- Numerator: domains by what DANE senders can authenticate and by their verdict.
-- Denominator: domains that publish a record and were asked for TLSA records.
-- Caveat: a sender that does DANE ignores MTA-STS where TLSA records are usable (section 2
-- of RFC 8461). Needs a resolver that validates DNSSEC.
SELECT dane, verdict, count(*) AS domains, count(*) / sum(count(*)) OVER () AS share
FROM published
WHERE dane IS NOT NULL
GROUP BY dane, verdict
ORDER BY list_position(['all', 'some', 'none', 'unknown'], dane), domains DESC, verdict;
