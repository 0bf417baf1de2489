-- How much of each rate is due to the one cluster of domains that adds most to it?
--
-- Numerator: domains with the property. of_largest_cluster is how many of them the
-- cluster has that has most of them; without is the rate when that cluster is left
-- out, and points is by how many percentage points the cluster moves it.
-- Denominator: for adoption, all domains; for errors, those with a record; for
-- policies, those with a valid record; for modes, those with a valid policy; for hosts,
-- those of them that enforce or test and whose hosts are known.
-- Caveat: a policy that is unknown fails nowhere: the name server or the observer may be
-- what kept it away. One registrar once moved the global error rate by ten points. A rate that one
-- decision can move says little about how domains in general behave.
WITH rates AS (
    SELECT cluster, unnest([
        {n: 1, rate: 'adoption', property: true, counted: true},
        {n: 2, rate: 'record not valid', property: record <> 'valid', counted: true},
        {n: 3, rate: 'any error', property: record <> 'valid' OR judged_policy NOT IN ('valid', 'unknown'), counted: true},
        {n: 4, rate: 'policy not retrieved or not valid', property: judged_policy NOT IN ('valid', 'unknown'), counted: record = 'valid'},
        {n: 5, rate: 'fails at dns', property: coalesce(judged_policy <> 'unknown' AND policy_stage = 'dns', false), counted: record = 'valid'},
        {n: 6, rate: 'fails at tcp', property: coalesce(judged_policy <> 'unknown' AND policy_stage = 'tcp', false), counted: record = 'valid'},
        {n: 7, rate: 'fails at tls', property: coalesce(judged_policy <> 'unknown' AND policy_stage = 'tls', false), counted: record = 'valid'},
        {n: 8, rate: 'fails at http', property: coalesce(judged_policy <> 'unknown' AND policy_stage = 'http', false), counted: record = 'valid'},
        {n: 9, rate: 'fails at body', property: coalesce(judged_policy <> 'unknown' AND policy_stage = 'body', false), counted: record = 'valid'},
        {n: 10, rate: 'fails at syntax', property: coalesce(judged_policy <> 'unknown' AND policy_stage = 'syntax', false), counted: record = 'valid'},
        {n: 11, rate: 'mode enforce', property: coalesce(mode = 'enforce', false), counted: policy = 'valid'},
        {n: 12, rate: 'mode testing', property: coalesce(mode = 'testing', false), counted: policy = 'valid'},
        {n: 13, rate: 'mode none', property: coalesce(mode = 'none', false), counted: policy = 'valid'},
        {n: 14, rate: 'policy covers not every host', property: coalesce(mx_match IN ('some', 'none'), false), counted: policy = 'valid' AND mode <> 'none' AND mx_match IN ('all', 'some', 'none')},
        {n: 15, rate: 'policy covers no host', property: coalesce(mx_match = 'none', false), counted: policy = 'valid' AND mode <> 'none' AND mx_match IN ('all', 'some', 'none')},
        {n: 16, rate: 'mail is refused', property: coalesce(verdict = 'enforce_refused', false), counted: verdict IS NOT NULL},
        {n: 17, rate: 'run by a third party', property: manager = 'third_party', counted: true}
    ], recursive := true)
    FROM published
), counts AS (
    SELECT n, rate, cluster, count(*) FILTER (property) AS domains, count(*) AS of_domains
    FROM rates
    WHERE counted
    GROUP BY n, rate, cluster
    UNION ALL -- those without a record are counted for adoption alone
    SELECT 1, 'adoption', NULL, 0, count(*) FROM rows WHERE record NOT IN ('valid', 'invalid', 'multiple')
), largest AS (
    SELECT n, arg_max(counts, (domains, cluster)) AS one FROM counts WHERE domains > 0 GROUP BY n
)
SELECT
    rate,
    sum(domains)::BIGINT AS domains,
    sum(of_domains)::BIGINT AS of_domains,
    share_of(sum(domains), sum(of_domains)) AS share,
    any_value(one.cluster) AS largest_cluster,
    coalesce(any_value(one.domains), 0) AS of_largest_cluster,
    share_of(of_largest_cluster, sum(domains)) AS contribution,
    share_of(sum(domains) - of_largest_cluster, sum(of_domains) - coalesce(any_value(one.of_domains), 0)) AS without,
    100 * (share - without) AS points
FROM counts LEFT JOIN largest USING (n)
GROUP BY n, rate
ORDER BY n;
