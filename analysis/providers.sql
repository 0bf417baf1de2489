-- Which known providers run MTA-STS, and in which state are their customers?
--
-- Numerator: domains by provider, as the map of providers knows the targets of their
-- aliases; of these, by verdict.
-- Denominator: domains that publish a record.
-- Caveat: the map is small and names who is known; operators.sql has all.
SELECT
    coalesce(provider, '(none known)') AS provider,
    count(*) AS domains,
    count(*) / sum(count(*)) OVER () AS share,
    count(*) FILTER (verdict IN ('enforce_ok', 'testing_ok', 'valid_none')) AS good,
    count(*) FILTER (verdict = 'broken') AS broken,
    count(*) FILTER (verdict IN ('enforce_partial', 'enforce_refused', 'testing_would_fail')) AS mismatching,
    count(*) FILTER (policy_reason = 'empty') AS empty,
    share_of(broken, domains) AS broken_share
FROM published
GROUP BY 1
ORDER BY count(published.provider) = 0, domains DESC, 1;
