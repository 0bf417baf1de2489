-- Which operators serve the policies of others, and how do their customers fare?
--
-- Numerator: domains with a valid record whose Policy Host is an alias to the
-- operator, by operator; of these, by how their policy is.
-- Denominator: domains with a valid record whose Policy Host is known (share); the operator's,
-- less those whose policy is unknown (failed_share).
-- Caveat: the operator is the registered name at the end of the alias chain. Those
-- whose customers failed for lack of a certificate (no_cert, wrong_name) or of a
-- policy (missing, empty) often serve domains that never were, or no longer are, their
-- customers; dangling ones have an alias to a name that does not exist.
WITH hosted AS (
    SELECT
        host_operator AS operator, CASE WHEN judged_policy <> 'unknown' THEN policy_stage END AS stage,
        CASE WHEN judged_policy <> 'unknown' THEN policy_reason END AS reason, judged_policy, mode, policy_sha256, findings,
        judged_policy = 'unknown' AND host_operator IS NULL AND coalesce(len(host_addrs), 0) = 0 AS is_unknown
    FROM published WHERE record = 'valid'
), totals AS (
    SELECT count(*) FILTER (NOT is_unknown) AS known, count(*) FILTER (is_unknown) AS unknown FROM hosted
)
SELECT
    operator,
    count(*) AS domains,
    known,
    unknown,
    count(*) / known AS share,
    count(*) FILTER (judged_policy = 'valid') AS valid,
    count(*) FILTER (judged_policy = 'valid' AND mode = 'enforce') AS enforce,
    count(*) FILTER (stage = 'tls' AND reason IN ('no_cert_for_name', 'handshake_failure', 'alert')) AS no_cert,
    count(*) FILTER (stage = 'tls' AND reason = 'name_mismatch') AS wrong_name,
    count(*) FILTER (reason = 'not_found') AS missing,
    count(*) FILTER (reason = 'empty') AS empty,
    count(*) FILTER (list_contains(findings, 'host_cname_dangling')) AS dangling,
    count(*) FILTER (judged_policy <> 'unknown') AS failed_known,
    share_of(count(*) FILTER (judged_policy NOT IN ('valid', 'unknown')), failed_known) AS failed_share,
    count(DISTINCT policy_sha256) FILTER (judged_policy = 'valid') AS distinct_policies
FROM hosted, totals
WHERE operator IS NOT NULL
GROUP BY operator, known, unknown
ORDER BY domains DESC, operator
LIMIT 50;
