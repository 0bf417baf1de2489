-- Which known providers run MTA-STS, and in which state are their customers?
--
-- Numerator: domains by provider, as the map of providers knows the targets of their
-- aliases; of these, by verdict.
-- Denominator: domains that publish a record and whose provider is known, or known to be none on the
-- map; for broken_share those of the line whose verdict is known.
-- Caveat: the map is small and names who is known; operators.sql has all.
WITH provided AS (
    SELECT
        -- Where there was no answer for the Policy Host, its aliases are not known.
        CASE WHEN provider IS NULL AND judged_policy = 'unknown' AND host_cnames IS NULL AND coalesce(len(host_addrs), 0) = 0 THEN 'unknown'
            ELSE coalesce(provider, '(none known)') END AS provider,
        verdict, CASE WHEN judged_policy <> 'unknown' THEN policy_reason END AS reason
    FROM published
)
SELECT
    provider,
    count(*) AS domains,
    coalesce(sum(count(*)) FILTER (provider <> 'unknown') OVER (), 0) AS known,
    coalesce(sum(count(*)) FILTER (provider = 'unknown') OVER (), 0) AS unknown,
    CASE WHEN provider <> 'unknown' THEN count(*) / known END AS share,
    count(*) FILTER (verdict IN ('enforce_ok', 'testing_ok', 'valid_none')) AS good,
    count(*) FILTER (verdict = 'broken') AS broken,
    count(*) FILTER (verdict IN ('enforce_partial', 'enforce_refused', 'testing_would_fail')) AS mismatching,
    count(*) FILTER (reason = 'empty') AS empty,
    count(*) FILTER (verdict <> 'unknown') AS broken_known,
    share_of(broken, broken_known) AS broken_share
FROM provided
GROUP BY provider
ORDER BY provider IN ('(none known)', 'unknown'), domains DESC, provider;
