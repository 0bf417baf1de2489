-- What do valid policies ask of senders?
--
-- Numerator: domains by the mode of their policy.
-- Denominator: domains with a valid policy.
-- Caveat: a few operators give all their customers the same mode: largest_cluster is
-- the largest of them within the mode.
WITH valid AS (SELECT mode, cluster FROM published WHERE judged_policy = 'valid'),
clusters AS (SELECT mode, cluster, count(*) AS domains FROM valid GROUP BY ALL),
totals AS (SELECT count(*) FILTER (judged_policy = 'valid') AS known, count(*) FILTER (judged_policy = 'unknown') AS unknown FROM published)
SELECT
    mode,
    sum(domains)::BIGINT AS domains,
    known,
    unknown,
    sum(domains)::BIGINT / known AS share,
    max_by(cluster, (domains, cluster)) AS largest_cluster,
    max(domains) AS of_largest_cluster
FROM clusters, totals
GROUP BY mode, known, unknown
ORDER BY list_position(['enforce', 'testing', 'none'], mode);
