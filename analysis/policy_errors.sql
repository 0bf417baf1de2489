-- What is wrong with the policies that were retrieved and are not valid?
--
-- Numerator: domains by the first thing that the grammar of section 3.2 of RFC 8461
-- does not allow; of these, those that most senders would use all the same.
-- Denominator: domains whose policy was retrieved whole.
-- Caveat: a policy can have more than one fault: findings.sql counts them all.
WITH read AS (
    SELECT policy_stage, policy_reason, lenient FROM published WHERE policy = 'valid' OR policy_stage = 'syntax'
)
SELECT
    policy_reason AS reason,
    count(*) AS domains,
    count(*) / (SELECT count(*) FROM read) AS share,
    count(*) FILTER (lenient) AS lenient
FROM read
WHERE policy_stage = 'syntax'
GROUP BY policy_reason
ORDER BY domains DESC, reason;
