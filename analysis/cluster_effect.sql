-- How much of each rate is due to the one cluster of domains that adds most to it?
--
-- Numerator: domains with the property. of_largest_cluster is how many of them the
-- cluster has that has most of them; without is share when that cluster is left
-- out, and points is by how many percentage points the cluster moves it.
-- Denominator: of_domains is, for adoption, all domains; for errors, those with a record; for
-- policies, those with a valid record; for modes, those with a valid policy; for hosts,
-- those of them that enforce or test and receive mail at MX hosts; always with those (unknown)
-- for which this is not known. share, without and contribution are of the known.
-- Caveat: where unknown is not 0 the true rate lies between low and high. One registrar once
-- moved the global error rate by ten points. A rate that one
-- decision can move says little about how domains in general behave.
WITH rates AS (
    -- A property that is NULL is not known.
    SELECT cluster, unnest([
        {n: 1, rate: 'adoption', property: true, counted: true},
        {n: 2, rate: 'record not valid', property: record <> 'valid', counted: true},
        {n: 3, rate: 'any error', property: record <> 'valid' OR failed, counted: true},
        {n: 4, rate: 'policy not retrieved or not valid', property: failed, counted: record = 'valid'},
        {n: 5, rate: 'fails at dns', property: failed AND stage = 'dns', counted: record = 'valid'},
        {n: 6, rate: 'fails at tcp', property: failed AND stage = 'tcp', counted: record = 'valid'},
        {n: 7, rate: 'fails at tls', property: failed AND stage = 'tls', counted: record = 'valid'},
        {n: 8, rate: 'fails at http', property: failed AND stage = 'http', counted: record = 'valid'},
        {n: 9, rate: 'fails at body', property: failed AND stage = 'body', counted: record = 'valid'},
        {n: 10, rate: 'fails at syntax', property: failed AND stage = 'syntax', counted: record = 'valid'},
        {n: 11, rate: 'mode enforce', property: known_mode = 'enforce', counted: record = 'valid' AND NOT coalesce(failed, false)},
        {n: 12, rate: 'mode testing', property: known_mode = 'testing', counted: record = 'valid' AND NOT coalesce(failed, false)},
        {n: 13, rate: 'mode none', property: known_mode = 'none', counted: record = 'valid' AND NOT coalesce(failed, false)},
        {n: 14, rate: 'policy covers not every host', property: match <> 'all', counted: covers},
        {n: 15, rate: 'policy covers no host', property: match = 'none', counted: covers},
        {n: 16, rate: 'mail is refused', property: CASE WHEN verdict <> 'unknown' THEN verdict = 'enforce_refused' END, counted: verdict IS NOT NULL},
        {n: 17, rate: 'run by a third party', property: CASE WHEN manager <> 'unknown' THEN manager = 'third_party' END, counted: true}
    ], recursive := true)
    FROM (
        SELECT
            cluster, record, verdict, manager,
            CASE WHEN judged_policy <> 'unknown' THEN judged_policy <> 'valid' END AS failed,
            CASE WHEN judged_policy <> 'unknown' THEN coalesce(policy_stage, '') END AS stage,
            CASE WHEN judged_policy = 'valid' THEN mode END AS known_mode,
            CASE WHEN judged_policy = 'valid' AND mx_match <> 'unknown' THEN mx_match END AS match,
            record = 'valid' AND coalesce(NOT failed, true) AND coalesce(known_mode, '') <> 'none' AND coalesce(match, '') NOT IN ('no_mx', 'null_mx') AS covers
        FROM published
    )
), counts AS (
    SELECT n, rate, cluster, count(*) FILTER (property) AS domains, count(property) AS known, count(*) AS of_domains
    FROM rates
    WHERE counted
    GROUP BY n, rate, cluster
    UNION ALL -- those without a record are counted for adoption alone
    SELECT 1, 'adoption', NULL, 0, count(*) FILTER (record = 'absent'), count(*) FROM rows WHERE record NOT IN ('valid', 'invalid', 'multiple')
), largest AS (
    SELECT n, arg_max(counts, (domains, cluster)) AS one FROM counts WHERE domains > 0 GROUP BY n
), totals AS (
    SELECT n, rate, sum(domains)::BIGINT AS domains, sum(known)::BIGINT AS known, sum(of_domains)::BIGINT AS of_domains FROM counts GROUP BY n, rate
)
SELECT
    rate,
    domains,
    of_domains,
    of_domains - known AS unknown,
    share_of(domains, of_domains) AS low,
    share_of(domains + of_domains - known, of_domains) AS high,
    known,
    share_of(domains, known) AS share,
    one.cluster AS largest_cluster,
    coalesce(one.domains, 0) AS of_largest_cluster,
    share_of(of_largest_cluster, domains) AS contribution,
    known - coalesce(one.known, 0) AS without_known,
    share_of(domains - of_largest_cluster, without_known) AS without,
    100 * (share - without) AS points
FROM totals LEFT JOIN largest USING (n)
ORDER BY n;
