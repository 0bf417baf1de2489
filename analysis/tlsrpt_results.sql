-- What would senders that report write about the failures (RFC 8460)?
--
-- Numerator: domains by result type of section 4.3.2.2 of RFC 8460, and by the class of
-- their policy.
-- Denominator: domains that publish a record and whose policy and verdict are not unknown. Where it
-- is malformed, or there are several, senders know of no MTA-STS and report nothing. Where policy is
-- unknown, so is the result: it has no share.
-- Caveat: a sender reports only where the domain has a TLSRPT record, and only what it
-- saw itself, which may be another moment.
WITH failures AS (
    SELECT
        tlsrpt_result AS result,
        judged_policy AS policy,
        judged_policy = 'unknown' OR (result IS NULL AND verdict IS NOT DISTINCT FROM 'unknown') AS is_unknown
    FROM published
), totals AS (
    SELECT count(*) FILTER (NOT is_unknown) AS known, count(*) FILTER (is_unknown) AS unknown FROM failures
)
SELECT
    result,
    policy,
    count(*) AS domains,
    known,
    unknown,
    CASE WHEN policy <> 'unknown' THEN count(*) / known END AS share
FROM failures, totals
WHERE result IS NOT NULL
GROUP BY result, policy, known, unknown
ORDER BY result, domains DESC, policy;
