-- Does it help to have policy and mail run by the same provider?
--
-- Numerator: domains by whether the operator of their policy is the one whose name their
-- MX hosts have; of these, those whose patterns match no host.
-- Denominator: domains with a valid policy that outsource both: the Policy Host is an alias
-- to an operator, and no MX host is below the domain itself.
-- Caveat: the same if the registered names are equal, or differ in their suffix only.
-- Operators with several names look different.
WITH outsourced AS (
    -- Hosts of the domain itself are no outsourcing; where hosts are unknown, so is this.
    SELECT * FROM published
    WHERE judged_policy = 'valid' AND host_operator IS NOT NULL AND mx_match IN ('all', 'some', 'none', 'unknown')
        AND (mx_match = 'unknown' OR len(list_filter(mx, lambda m: ends_with('.' || m.host, '.' || coalesce(registered_domain, domain)))) = 0)
), totals AS (
    SELECT
        count(*) FILTER (mx_match <> 'unknown') AS known,
        count(*) FILTER (mx_match = 'unknown') + (SELECT count(*) FROM published WHERE judged_policy = 'unknown') AS unknown
    FROM outsourced
)
SELECT
    CASE WHEN list_contains(list_transform(mx, lambda m: split_part(site(m.host), '.', 1)), split_part(host_operator, '.', 1)) THEN 'same' ELSE 'different' END AS provider,
    count(*) AS domains,
    known,
    unknown,
    count(*) / known AS share,
    count(*) FILTER (mx_match = 'none') AS no_match,
    no_match / domains AS no_match_share,
    count(*) FILTER (mx_match = 'some') AS some_match
FROM outsourced, totals
WHERE mx_match <> 'unknown'
GROUP BY 1, known, unknown
ORDER BY 1 DESC;
