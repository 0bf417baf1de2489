-- Do the hosts that receive mail offer TLS with a certificate that senders accept?
--
-- Numerator: hosts of domains, by how the probe of STARTTLS ended.
-- Denominator: hosts that were probed, each once for each domain; and domains that have at
-- least one such host.
-- Caveat: a host that did not offer STARTTLS, refused to talk or was silent was asked a
-- second time, minutes later, and that time counts; otherwise_at_first is how many of them
-- ended in another way at first. Hosts are only probed where the scan was asked for it (--probe-mx). A host that
-- does not talk to strangers may talk to others.
SELECT
    m.starttls,
    m.tls_error,
    count(*) AS hosts,
    count(*) / sum(count(*)) OVER () AS share,
    count(*) FILTER (m.first_starttls <> m.starttls) AS otherwise_at_first,
    count(DISTINCT m.host) AS different_hosts,
    count(DISTINCT domain) AS domains,
    count(DISTINCT domain) FILTER (mode = 'enforce') AS enforce
FROM (SELECT domain, CASE WHEN policy = 'valid' THEN mode END AS mode, unnest(mx) AS m FROM published)
WHERE m.starttls IS NOT NULL
GROUP BY ALL
ORDER BY hosts DESC, m.starttls, m.tls_error;
