-- Which changes did many domains of one operator make in the same night?
--
-- Numerator: domains of a cluster that made the same change in the same night, from ten
-- domains.
-- Denominator: domains that made this change in this night (of_change), in whichever cluster.
-- Caveat: such a change is one decision of one operator and no trend. Clusters are told
-- by alias, else by the addresses of the Policy Host; domains that share neither are not
-- found together.
WITH made AS (
    SELECT night, kind, cluster, CASE WHEN kind LIKE '%id%' OR kind LIKE 'max_age%' THEN NULL ELSE after END AS after FROM changed
), totals AS (
    SELECT night, kind, count(*) AS change_n FROM made GROUP BY night, kind
)
SELECT night, kind, after, cluster, count(*) AS domains, change_n, count(*) / change_n AS of_change
FROM made JOIN totals USING (night, kind)
WHERE cluster IS NOT NULL
GROUP BY night, kind, after, cluster, change_n
HAVING domains >= 10
ORDER BY night, domains DESC, kind, cluster, after;
