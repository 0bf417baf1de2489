-- Do domains that delegate MTA-STS delegate both of its names?
--
-- Numerator: domains by which of the two names is an alias to another registered domain; of
-- these, those with a valid policy.
-- Denominator: domains that publish a record and both of whose names are known (share); those of the
-- line whose policy is not unknown (valid_share).
-- Caveat: who delegates the record alone must keep the policy in step by hand, and who
-- delegates the host alone the id (section 8.2 of RFC 8461).
SELECT
    delegation,
    count(*) AS domains,
    sum(count(*)) OVER () AS known,
    (SELECT count(*) FROM published WHERE delegation IS NULL) AS unknown,
    count(*) / sum(count(*)) OVER () AS share,
    count(*) FILTER (judged_policy = 'valid') AS policy_valid,
    count(*) FILTER (judged_policy <> 'unknown') AS valid_known,
    share_of(policy_valid, valid_known) AS valid_share
FROM published
WHERE delegation IS NOT NULL
GROUP BY delegation
ORDER BY list_position(['none', 'both', 'record_only', 'host_only'], delegation);
