-- Where no pattern of the policy matches an MX host, how do they differ?
--
-- Numerator: domains by the nearest pair of pattern and host; of these, those that
-- enforce, so that mail is refused.
-- Denominator: domains with a valid policy in mode enforce or testing whose MX hosts are
-- known.
-- Caveat: the literature counts mta_sts_label, extra_label and other_host as one class.
-- Whether a pattern was right once is in stale_patterns.sql.
WITH policies AS (
    SELECT mismatch, mx_match, mode, cluster, judged_policy FROM published
    WHERE judged_policy = 'unknown' OR judged_policy = 'valid' AND mode <> 'none'
), totals AS (
    SELECT
        count(*) FILTER (judged_policy = 'valid' AND mx_match IN ('all', 'some', 'none')) AS known,
        count(*) FILTER (judged_policy = 'unknown' OR mx_match = 'unknown') AS unknown
    FROM policies
)
SELECT
    coalesce(mismatch, 'not comparable') AS mismatch,
    count(*) AS domains,
    known,
    unknown,
    count(*) / known AS share,
    count(*) FILTER (mode = 'enforce') AS enforce,
    mode(cluster ORDER BY cluster) AS most_often_in
FROM policies, totals
WHERE judged_policy = 'valid' AND mx_match = 'none'
GROUP BY 1, known, unknown
ORDER BY domains DESC, 1;
