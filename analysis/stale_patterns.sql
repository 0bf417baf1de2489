-- Which policies list hosts that received the mail once and no longer do?
--
-- Numerator: domains of the last run with a policy that covers not all of their MX hosts,
-- and with a pattern that matched an MX host of an earlier run.
-- Denominator: domains of the last run whose valid policy covers not all of their MX hosts
-- (of_mismatching).
-- Caveat: only runs that are given are looked at: who moved before the first one is not
-- found.
WITH mismatching AS (
    SELECT domain, tags, mode, mx_match, mismatch, unnest(mx_patterns) AS pattern, list_transform(mx, lambda m: m.host) AS hosts
    FROM rows
    WHERE policy = 'valid' AND mx_match IN ('some', 'none')
), earlier AS (
    SELECT DISTINCT domain, unnest(list_transform(mx, lambda m: m.host)) AS host
    FROM history SEMI JOIN mismatching USING (domain)
    WHERE night < len(getvariable('runs'))
), totals AS (
    SELECT
        count(*) FILTER (judged_policy = 'valid' AND mx_match IN ('some', 'none')) AS mismatching_known,
        count(*) FILTER (judged_policy = 'unknown' OR mx_match = 'unknown') AS mismatching_unknown
    FROM published
)
SELECT
    mismatching.domain,
    tags,
    mode,
    mx_match,
    mismatch,
    string_agg(DISTINCT pattern, ' ' ORDER BY pattern) AS stale_patterns,
    string_agg(DISTINCT host, ' ' ORDER BY host) AS earlier_hosts,
    array_to_string(hosts, ' ') AS hosts,
    mismatching_known,
    mismatching_unknown,
    1 / mismatching_known AS of_mismatching
FROM mismatching JOIN earlier ON mismatching.domain = earlier.domain
    AND (lower(pattern) = host OR starts_with(pattern, '*.') AND ends_with(host, lower(pattern[2:])) AND NOT contains(host[:-len(pattern)], '.'))
, totals
WHERE NOT list_contains(hosts, host)
GROUP BY ALL
ORDER BY mode, mismatching.domain
LIMIT 10000;
