-- Do the policies cover the hosts that receive the mail?
--
-- Numerator: domains by mode and by how many of their MX hosts a pattern of the policy
-- matches; of these, those with patterns that match no host.
-- Denominator: domains with a valid policy whose MX hosts are known, in any mode (share) and of
-- the same mode (of_mode). unknown counts policies that are not known, too.
-- Caveat: by names alone (section 4.1 of RFC 8461). In mode none no sender looks.
WITH totals AS (SELECT count(*) AS policies_unknown FROM published WHERE judged_policy = 'unknown')
SELECT
    mode,
    mx_match,
    count(*) AS domains,
    coalesce(sum(count(*)) FILTER (mx_match <> 'unknown') OVER (), 0) AS known,
    coalesce(sum(count(*)) FILTER (mx_match = 'unknown') OVER (), 0) + policies_unknown AS unknown,
    CASE WHEN mx_match <> 'unknown' THEN count(*) / known END AS share,
    coalesce(sum(count(*)) FILTER (mx_match <> 'unknown') OVER (PARTITION BY mode), 0) AS mode_known,
    coalesce(sum(count(*)) FILTER (mx_match = 'unknown') OVER (PARTITION BY mode), 0) + policies_unknown AS mode_unknown,
    CASE WHEN mx_match <> 'unknown' THEN count(*) / mode_known END AS of_mode,
    count(*) FILTER (len(mx_unused) > 0) AS with_unused_patterns
FROM published, totals
WHERE judged_policy = 'valid' AND mx_match IS NOT NULL
GROUP BY mode, mx_match, policies_unknown
ORDER BY list_position(['enforce', 'testing', 'none'], mode), list_position(['all', 'some', 'none', 'no_mx', 'null_mx', 'unknown'], mx_match);
