-- Do those who outsource MTA-STS fail less often than those who run it, and where?
--
-- Numerator: domains with a valid record by who runs the policy and by the stage at
-- which retrieval failed, where the policy is not unknown.
-- Denominator: domains with a valid record of the same manager (of_manager), whose policy is
-- not unknown (known). unknown have an unknown policy, and this manager or an unknown one.
-- Caveat: the heuristic of the literature: who serves 50 domains or more is a third
-- party, up to 5 himself, and those between are not classified; the policies are
-- counted together by alias, else by the addresses of the host. One large
-- registrar's own names can be a third party here and self elsewhere: see
-- cluster_effect.sql.
WITH fetched AS (
    SELECT manager, policy_stage AS stage, judged_policy = 'unknown' AS is_unknown FROM published WHERE record = 'valid'
), totals AS (
    SELECT
        manager,
        count(*) AS of_manager,
        count(*) FILTER (NOT is_unknown) AS known,
        of_manager - known + (SELECT count(*) FROM fetched WHERE manager = 'unknown') AS unknown
    FROM fetched GROUP BY manager
)
SELECT
    manager,
    stage,
    count(*) AS domains,
    of_manager,
    known,
    unknown,
    count(*) / known AS share
FROM fetched JOIN totals USING (manager)
WHERE stage IS NOT NULL AND NOT is_unknown
GROUP BY manager, stage, of_manager, known, unknown
ORDER BY list_position(['third_party', 'unclassified', 'self'], manager), list_position(['dns', 'tcp', 'tls', 'http', 'body', 'syntax'], stage);
