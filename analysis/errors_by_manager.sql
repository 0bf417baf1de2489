-- Do those who outsource MTA-STS fail less often than those who run it, and where?
--
-- Numerator: domains with a valid record by who runs the policy and by the stage at
-- which retrieval failed, where the policy is not unknown; by_size_domains are those of the
-- managers by numbers alone.
-- Denominator: domains with a valid record of the same manager (of_manager), whose policy is
-- not unknown (known; by_size_known). unknown and by_size_unknown have an unknown policy, and
-- this manager or an unknown one.
-- Caveat: the heuristic of the literature: who serves 50 domains or more is a third
-- party, up to 5 himself, and those between are not classified; the policies are
-- counted together by alias, else by the addresses of the host. Many domains at the same
-- addresses, all with the same hosts for their mail, are self, which moves a registrar's own
-- names: by_size is without that rule. One large registrar's own names can be a third party
-- here and self elsewhere: see cluster_effect.sql.
WITH fetched AS (
    SELECT
        unnest([{by_size: false, manager: manager}, {by_size: true, manager: manager_by_size}], recursive := true),
        policy_stage AS stage,
        judged_policy = 'unknown' AS is_unknown
    FROM published WHERE record = 'valid'
), without_manager AS (
    SELECT
        count(*) FILTER (NOT by_size) AS domains,
        count(*) FILTER (by_size) AS by_size_domains
    FROM fetched WHERE manager = 'unknown'
), totals AS (
    SELECT
        manager,
        count(*) FILTER (NOT by_size) AS of_manager,
        count(*) FILTER (NOT by_size AND NOT is_unknown) AS known,
        of_manager - known + without_manager.domains AS unknown,
        count(*) FILTER (by_size AND NOT is_unknown) AS by_size_known,
        count(*) FILTER (by_size AND is_unknown) + without_manager.by_size_domains AS by_size_unknown
    FROM fetched, without_manager GROUP BY manager, without_manager.domains, without_manager.by_size_domains
)
SELECT
    manager,
    stage,
    count(*) FILTER (NOT by_size) AS domains,
    of_manager,
    known,
    unknown,
    share_of(domains, known) AS share,
    count(*) FILTER (by_size) AS by_size_domains,
    by_size_known,
    by_size_unknown,
    share_of(by_size_domains, by_size_known) AS by_size_share
FROM fetched JOIN totals USING (manager)
WHERE stage IS NOT NULL AND NOT is_unknown
GROUP BY manager, stage, of_manager, known, unknown, by_size_known, by_size_unknown
ORDER BY list_position(['third_party', 'unclassified', 'self'], manager), list_position(['dns', 'tcp', 'tls', 'http', 'body', 'syntax'], stage);
