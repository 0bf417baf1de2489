-- Are Policy Hosts reached over IPv4, IPv6 or both, and does it matter?
--
-- Numerator: domains by the families of the addresses that their Policy Host has; of
-- these, those with a valid policy, and those whose connection failed.
-- Denominator: domains with a valid record whose Policy Host has an address; for valid_share those of
-- the line whose policy is not unknown.
-- Caveat: addresses are dialled until one connects, so a host that has both is seldom
-- asked over both (only_..._connected counts where it was). Hosts of a family that the
-- observer lacked (no_ipv4, no_ipv6) are not among the failed connections.
SELECT
    CASE WHEN v4 AND v6 THEN 'IPv4 and IPv6' WHEN v6 THEN 'IPv6' ELSE 'IPv4' END AS families,
    count(*) AS domains,
    sum(count(*)) OVER () AS known,
    (SELECT count(*) FROM published WHERE judged_policy = 'unknown' AND coalesce(len(host_addrs), 0) = 0) AS unknown,
    count(*) / sum(count(*)) OVER () AS share,
    count(*) FILTER (judged_policy = 'valid') AS policy_valid,
    count(*) FILTER (judged_policy <> 'unknown') AS valid_known,
    share_of(policy_valid, valid_known) AS valid_share,
    count(*) FILTER (policy_stage = 'tcp' AND judged_policy <> 'unknown') AS tcp_failed,
    count(*) FILTER (contains(addr, ':')) AS dialled_ipv6,
    count(*) FILTER (ipv4 = 'connected' AND ipv6 NOT IN ('connected')) AS only_ipv4_connected,
    count(*) FILTER (ipv6 = 'connected' AND ipv4 NOT IN ('connected')) AS only_ipv6_connected
FROM (
    SELECT *, len(list_filter(host_addrs, lambda a: contains(a, ':'))) > 0 AS v6, len(list_filter(host_addrs, lambda a: NOT contains(a, ':'))) > 0 AS v4
    FROM published
)
WHERE record = 'valid' AND len(host_addrs) > 0
GROUP BY families
ORDER BY domains DESC, families;
