-- How do the modes of policies move from run to run?
--
-- Numerator: domains by mode before and after; no policy is a domain without a record, with one that is
-- not valid, or without a valid policy.
-- Denominator: domains whose modes are both known, by the mode before (known): what was last known of
-- the nights before, and what is known of this one. unknown have the mode before, and nothing is known now.
-- Caveat: a policy that was not valid is no policy, whatever its text says.
WITH states AS (
    -- NULL where it is not known what senders would find.
    SELECT
        night,
        domain,
        CASE
            WHEN record IN ('absent', 'invalid', 'multiple') THEN 'no policy'
            WHEN record = 'valid' AND judged_policy NOT IN ('unknown', 'not_fetched') AND pending IS NULL
                THEN CASE WHEN judged_policy = 'valid' THEN mode ELSE 'no policy' END
        END AS state
    FROM compared
), moves AS (
    SELECT night, lag(state IGNORE NULLS) OVER (PARTITION BY domain ORDER BY night) AS before, state AS after FROM states
)
SELECT
    night,
    before,
    after,
    count(*) AS domains,
    sum(count(*)) OVER (PARTITION BY night, before) AS known,
    unknown,
    count(*) / sum(count(*)) OVER (PARTITION BY night, before) AS share
FROM moves JOIN (
    SELECT night, before, count(*) FILTER (after IS NULL) AS unknown FROM moves WHERE before IS NOT NULL GROUP BY night, before
) AS totals USING (night, before)
WHERE after IS NOT NULL
GROUP BY night, before, after, unknown
ORDER BY night, list_position(['no policy', 'none', 'testing', 'enforce'], before), list_position(['no policy', 'none', 'testing', 'enforce'], after);
