-- Do the policies cover the hosts that receive the mail?
--
-- Numerator: domains by mode and by how many of their MX hosts a pattern of the policy
-- matches; of these, those with patterns that match no host.
-- Denominator: domains with a valid policy, in any mode (share) and of the same mode.
-- Caveat: by names alone (section 4.1 of RFC 8461). In mode none no sender looks.
SELECT
    mode,
    mx_match,
    count(*) AS domains,
    count(*) / sum(count(*)) OVER () AS share,
    count(*) / sum(count(*)) OVER (PARTITION BY mode) AS of_mode,
    count(*) FILTER (len(mx_unused) > 0) AS with_unused_patterns
FROM published
WHERE policy = 'valid' AND mx_match IS NOT NULL
GROUP BY mode, mx_match
ORDER BY list_position(['enforce', 'testing', 'none'], mode), list_position(['all', 'some', 'none', 'no_mx', 'null_mx', 'unknown'], mx_match);
