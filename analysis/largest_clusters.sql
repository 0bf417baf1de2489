-- Who are the largest clusters of domains that share an operator or addresses?
--
-- Numerator: domains of the cluster; cumulative is the share of this one and all
-- larger ones.
-- Denominator: domains that publish a record.
-- Caveat: clusters are told by alias, else by the names of a certificate that is for others,
-- else by the set of addresses of the Policy Host: one operator with several sets is
-- several clusters. tlds counts the top-level domains that they are in.
SELECT
    cluster,
    any_value(manager) AS manager,
    count(*) AS domains,
    count(*) / (SELECT count(*) FROM published) AS share,
    sum(count(*)) OVER (ORDER BY count(*) DESC, cluster) / (SELECT count(*) FROM published) AS cumulative,
    count(*) FILTER (policy = 'valid') AS policy_valid,
    count(DISTINCT tld) AS tlds,
    mode(coalesce(stage || ': ' || reason, 'valid')) AS most_often,
    count(*) OVER () AS total_rows
FROM published
GROUP BY cluster
HAVING domains > 1
ORDER BY domains DESC, cluster
LIMIT 25;
