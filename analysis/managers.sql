-- How many domains are run by third parties, by themselves, or by operators of a size between?
--
-- Numerator: domains that publish a record, by manager; of these, those with a
-- valid policy.
-- Denominator: domains that publish a record.
-- Caveat: see errors_by_manager.sql. In a small list a large operator looks small:
-- the sizes are those within the list.
SELECT
    manager,
    count(DISTINCT served_by) AS operators,
    count(*) AS domains,
    count(*) / sum(count(*)) OVER () AS share,
    count(*) FILTER (policy = 'valid') AS policy_valid,
    policy_valid / domains AS valid_share
FROM published
GROUP BY manager
ORDER BY list_position(['third_party', 'unclassified', 'self'], manager);
