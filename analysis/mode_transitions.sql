-- How do the modes of policies move from run to run?
--
-- Numerator: domains by mode before and after; none at all is written as no policy.
-- Denominator: domains whose modes are both known, by the mode before.
-- Caveat: a policy that was not valid is no policy, whatever its text says.
SELECT
    night,
    date,
    before,
    after,
    count(*) AS domains,
    count(*) / sum(count(*)) OVER (PARTITION BY night, before) AS share
FROM (
    SELECT
        night,
        date,
        CASE WHEN was.present AND had.valid THEN had.mode ELSE 'no policy' END AS before,
        CASE WHEN policy = 'valid' THEN mode ELSE 'no policy' END AS after
    FROM compared
    WHERE was IS NOT NULL AND record <> 'unknown' AND judged_policy <> 'unknown'
)
GROUP BY night, date, before, after
ORDER BY night, list_position(['no policy', 'none', 'testing', 'enforce'], before), list_position(['no policy', 'none', 'testing', 'enforce'], after);
