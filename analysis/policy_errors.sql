-- What is wrong with the policies that were retrieved and are not valid?
--
-- Numerator: domains by the first thing that the grammar of section 3.2 of RFC 8461
-- does not allow; of these, those that most senders would use all the same.
-- Denominator: domains whose policy was retrieved whole.
-- Caveat: a policy can have more than one fault: findings.sql counts them all.
WITH read AS (
    SELECT policy_stage, policy_reason, lenient FROM published WHERE judged_policy <> 'unknown' AND (policy = 'valid' OR policy_stage = 'syntax')
), totals AS (
    SELECT (SELECT count(*) FROM read) AS known, (SELECT count(*) FROM published WHERE judged_policy = 'unknown') AS unknown
)
SELECT
    policy_reason AS reason,
    count(*) AS domains,
    known,
    unknown,
    count(*) / known AS share,
    count(*) FILTER (lenient) AS lenient
FROM read, totals
WHERE policy_stage = 'syntax'
GROUP BY policy_reason, known, unknown
ORDER BY domains DESC, reason;
