-- How many domains are run by third parties, by themselves, or by operators of a size between?
--
-- Numerator: domains that publish a record, by manager; of these, those with a
-- valid policy.
-- Denominator: domains that publish a record and whose manager is known; for valid_share those of
-- the line whose policy is not unknown.
-- Caveat: see errors_by_manager.sql. In a small list a large operator looks small:
-- the sizes are those within the list. The manager is unknown where there was no answer for the
-- addresses of the Policy Host.
SELECT
    manager,
    count(DISTINCT served_by) AS operators,
    count(*) AS domains,
    coalesce(sum(count(*)) FILTER (manager <> 'unknown') OVER (), 0) AS known,
    coalesce(sum(count(*)) FILTER (manager = 'unknown') OVER (), 0) AS unknown,
    CASE WHEN manager <> 'unknown' THEN count(*) / known END AS share,
    count(*) FILTER (judged_policy = 'valid') AS policy_valid,
    count(*) FILTER (judged_policy <> 'unknown') AS valid_known,
    share_of(policy_valid, valid_known) AS valid_share
FROM published
GROUP BY manager
ORDER BY list_position(['third_party', 'unclassified', 'self', 'unknown'], manager);
