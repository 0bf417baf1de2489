-- Of the domains that publish a record, how many fail, at which stage and why?
--
-- Numerator: domains by the first stage that failed: record (section 3.1 of RFC
-- 8461), then the policy's dns, tcp, tls, http, body and syntax; each domain once.
-- Denominator: domains that publish a record (valid, invalid or multiple).
-- Caveat: where the policy is unknown the failure may be that of a name server
-- or of the observer rather than of the Policy Host; the column policy tells. That includes
-- hosts that may need something that the observer lacks (client_limit_possible, http2_only).
-- Domains whose record is unknown are in neither number.
SELECT
    stage,
    reason,
    judged_policy AS policy,
    count(*) AS domains,
    count(*) / (SELECT count(*) FROM published) AS share
FROM published
WHERE stage IS NOT NULL
GROUP BY stage, reason, judged_policy
ORDER BY list_position(['record', 'dns', 'tcp', 'tls', 'http', 'body', 'syntax'], stage), domains DESC, reason, policy;
