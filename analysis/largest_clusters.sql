-- Who are the largest clusters of domains that share an operator or addresses?
--
-- Numerator: domains of the cluster; cumulative is the share of this one and all
-- larger ones.
-- Denominator: domains that publish a record and whose cluster is known.
-- Caveat: clusters are told by alias, else by the names of a certificate that is for others,
-- else by the set of addresses of the Policy Host: one operator with several sets is
-- several clusters. tlds counts the top-level domains that they are in.
WITH totals AS (
    SELECT count(*) FILTER (manager <> 'unknown') AS known, count(*) FILTER (manager = 'unknown') AS unknown FROM published
)
SELECT
    cluster,
    mode(manager ORDER BY manager) AS manager,
    count(*) AS domains,
    known,
    unknown,
    count(*) / known AS share,
    sum(count(*)) OVER (ORDER BY count(*) DESC, cluster)::BIGINT / known AS cumulative,
    count(*) FILTER (judged_policy = 'valid') AS policy_valid,
    count(DISTINCT tld) AS tlds,
    mode(outcome ORDER BY outcome) AS most_often
FROM (
    SELECT *, CASE WHEN judged_policy = 'unknown' THEN 'unknown' ELSE coalesce(stage || ': ' || reason, 'valid') END AS outcome FROM published
), totals
WHERE manager <> 'unknown'
GROUP BY cluster, known, unknown
HAVING domains > 1
ORDER BY domains DESC, cluster
LIMIT 25;
