-- Which operators serve the policies of others, and how do their customers fare?
--
-- Numerator: domains with a valid record whose Policy Host is an alias to the
-- operator, by operator; of these, by how their policy is.
-- Denominator: domains with a valid record (share); the operator's (failed_share).
-- Caveat: the operator is the registered name at the end of the alias chain. Those
-- whose customers failed for lack of a certificate (no_cert, wrong_name) or of a
-- policy (missing, empty) often serve domains that never were, or no longer are, their
-- customers; dangling ones have an alias to a name that does not exist.
WITH hosted AS (
    SELECT host_operator AS operator, policy, judged_policy, policy_stage, policy_reason, mode, mx_patterns, policy_sha256, findings
    FROM published WHERE record = 'valid'
)
SELECT
    operator,
    count(*) AS domains,
    count(*) / (SELECT count(*) FROM hosted) AS share,
    count(*) FILTER (policy = 'valid') AS valid,
    count(*) FILTER (policy = 'valid' AND mode = 'enforce') AS enforce,
    count(*) FILTER (policy_stage = 'tls' AND policy_reason IN ('no_cert_for_name', 'handshake_failure', 'alert') AND judged_policy <> 'unknown') AS no_cert,
    count(*) FILTER (policy_stage = 'tls' AND policy_reason = 'name_mismatch') AS wrong_name,
    count(*) FILTER (policy_reason = 'not_found') AS missing,
    count(*) FILTER (policy_reason = 'empty') AS empty,
    count(*) FILTER (list_contains(findings, 'host_cname_dangling')) AS dangling,
    share_of(count(*) FILTER (judged_policy NOT IN ('valid', 'unknown')), domains) AS failed_share,
    count(DISTINCT policy_sha256) FILTER (policy = 'valid') AS distinct_policies,
    count(*) OVER () AS total_rows
FROM hosted
WHERE operator IS NOT NULL
GROUP BY operator
ORDER BY domains DESC, operator
LIMIT 50;
