-- How many domains with MTA-STS have DANE too, and which of the two protects more?
--
-- Numerator: domains by what DANE senders can authenticate and by their verdict.
-- Denominator: domains that publish a record and were asked for TLSA records, where both dane and
-- verdict are known.
-- Caveat: a sender that does DANE ignores MTA-STS where TLSA records are usable (section 2
-- of RFC 8461). Needs a resolver that validates DNSSEC.
WITH protected AS (
    SELECT dane, verdict, coalesce(dane = 'unknown' OR verdict = 'unknown', false) AS is_unknown FROM published WHERE dane IS NOT NULL
)
SELECT
    dane,
    verdict,
    count(*) AS domains,
    coalesce(sum(count(*)) FILTER (NOT is_unknown) OVER (), 0) AS known,
    coalesce(sum(count(*)) FILTER (is_unknown) OVER (), 0) AS unknown,
    CASE WHEN NOT is_unknown THEN count(*) / known END AS share
FROM protected
GROUP BY dane, verdict, is_unknown
ORDER BY list_position(['all', 'some', 'none', 'unknown'], dane), domains DESC, verdict;
