-- Where no pattern of the policy matches an MX host, how do they differ?
--
-- Numerator: domains by the nearest pair of pattern and host; of these, those that
-- enforce, so that mail is refused.
-- Denominator: domains with a valid policy in mode enforce or testing whose MX hosts are
-- known.
-- Caveat: the literature counts mta_sts_label, extra_label and other_host as one class.
-- Whether a pattern was right once is in stale_patterns.sql.
WITH known AS (
    SELECT mismatch, mx_match, mode, cluster FROM published WHERE policy = 'valid' AND mode <> 'none' AND mx_match IN ('all', 'some', 'none')
)
SELECT
    coalesce(mismatch, 'not comparable') AS mismatch,
    count(*) AS domains,
    count(*) / (SELECT count(*) FROM known) AS share,
    count(*) FILTER (mode = 'enforce') AS enforce,
    mode(cluster) AS most_often_in
FROM known
WHERE mx_match = 'none'
GROUP BY 1
ORDER BY domains DESC, 1;
