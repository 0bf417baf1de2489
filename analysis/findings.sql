-- Which oddities do records and policies have, warnings included?
--
-- Numerator: domains with the finding; of these, those with a valid policy: there it is a
-- warning.
-- Denominator: domains that publish a record (n).
-- Caveat: a domain can have several findings, so that the shares do not add up. unknown have
-- no such finding, and might have it: their policy, mail hosts, probes or reports are not known.
WITH doubtful AS (
    -- Those of which something is unknown may have any finding that they are not known to have.
    SELECT findings, policy, judged_policy = 'unknown' OR coalesce('unknown' IN (verdict, mx_kind, tlsrpt, dane, mx_tls), false) AS is_unknown FROM published
), totals AS (
    SELECT count(*) AS n, count(*) FILTER (is_unknown) AS all_unknown FROM doubtful
)
SELECT
    finding,
    count(*) AS domains,
    n,
    all_unknown - count(*) FILTER (is_unknown) AS unknown,
    count(*) / n AS low,
    (count(*) + unknown) / n AS high,
    count(*) FILTER (policy = 'valid') AS policy_valid
FROM (SELECT unnest(list_distinct(findings)) AS finding, policy, is_unknown FROM doubtful), totals
GROUP BY finding, n, all_unknown
ORDER BY domains DESC, finding;
