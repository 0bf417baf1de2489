-- Of the domains that publish a record, how many fail, at which stage and why?
--
-- Numerator: domains by the first stage that failed: record (section 3.1 of RFC
-- 8461), then the policy's dns, tcp, tls, http, body and syntax; each domain once.
-- Denominator: domains that publish a record (valid, invalid or multiple) and whose policy, where
-- the record is valid, is not unknown.
-- Caveat: where policy is unknown the failure may be that of a name server
-- or of the observer rather than of the Policy Host: such a domain has no share, and is no error. That includes
-- hosts that may need something that the observer lacks (client_limit_possible, http2_only).
-- The shares add up to the rate of any error among the known (cluster_effect.sql).
WITH totals AS (
    SELECT count(*) FILTER (judged_policy <> 'unknown') AS known, count(*) FILTER (judged_policy = 'unknown') AS unknown FROM published
)
SELECT
    stage,
    reason,
    judged_policy AS policy,
    count(*) AS domains,
    known,
    unknown,
    CASE WHEN judged_policy <> 'unknown' THEN count(*) / known END AS share
FROM published, totals
WHERE stage IS NOT NULL
GROUP BY stage, reason, judged_policy, known, unknown
ORDER BY list_position(['record', 'dns', 'tcp', 'tls', 'http', 'body', 'syntax'], stage), domains DESC, reason, policy;
