-- Why do TLS handshakes and certificates of Policy Hosts fail, and whose are they?
--
-- Numerator: domains whose retrieval failed at the stage tls, by reason, and how
-- many of them each kind of manager has.
-- Denominator: domains with a valid record whose Policy Host took the connection
-- (known, share); those that failed so (of_failures). Where the policy is unknown they are in neither.
-- Caveat: hosts that may need something that the observer lacks (client_limit_possible,
-- http2_only) are in neither number. The largest cluster of a reason can be all of it: the
-- last columns name it.
WITH connected AS (
    SELECT tls_error, policy_stage, manager, cluster FROM published
    WHERE record = 'valid' AND judged_policy NOT IN ('unknown', 'forbidden') AND coalesce(policy_stage, '') NOT IN ('dns', 'tcp')
), clusters AS (
    SELECT tls_error, cluster, count(*) AS domains FROM connected WHERE policy_stage = 'tls' GROUP BY ALL
), totals AS (
    SELECT
        (SELECT count(*) FROM connected) AS known,
        (SELECT count(*) FROM published WHERE record = 'valid' AND judged_policy = 'unknown') AS unknown
)
SELECT
    tls_error AS reason,
    count(*) AS domains,
    known,
    unknown,
    count(*) / known AS share,
    sum(count(*)) OVER () AS failures_known,
    count(*) / sum(count(*)) OVER () AS of_failures,
    count(*) FILTER (manager = 'third_party') AS third_party,
    count(*) FILTER (manager = 'self') AS self,
    (SELECT max_by(cluster, (domains, cluster)) FROM clusters WHERE clusters.tls_error = connected.tls_error) AS largest_cluster,
    (SELECT max(domains) FROM clusters WHERE clusters.tls_error = connected.tls_error) AS of_largest_cluster
FROM connected, totals
WHERE policy_stage = 'tls'
GROUP BY tls_error, known, unknown
ORDER BY domains DESC, reason;
