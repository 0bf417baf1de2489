-- Do the hosts that receive mail offer TLS with a certificate that senders accept?
--
-- Numerator: hosts of domains, by how the probe of STARTTLS ended.
-- Denominator: hosts that were probed, each once for each domain, less those of which nothing is
-- known: no address, or they opted out; and domains that have at least one such host.
-- Caveat: a host that did not offer STARTTLS, refused to talk or was silent was asked a
-- second time, minutes later, and that time counts; otherwise_at_first is how many of them
-- ended in another way at first. Hosts are only probed where the scan was asked for it (--probe-mx). A host that
-- does not talk to strangers may talk to others.
WITH probed AS (
    SELECT domain, CASE WHEN policy = 'valid' THEN mode END AS mode, unnest(mx) AS m FROM published
), totals AS (
    SELECT
        count(*) FILTER (m.starttls NOT IN ('unknown', 'opted_out')) AS known,
        count(*) FILTER (m.starttls IN ('unknown', 'opted_out')) AS unknown
    FROM probed
)
SELECT
    m.starttls AS starttls,
    m.tls_error AS tls_error,
    count(*) AS hosts,
    known,
    unknown,
    CASE WHEN m.starttls NOT IN ('unknown', 'opted_out') THEN count(*) / known END AS share,
    count(*) FILTER (m.first_starttls <> m.starttls) AS otherwise_at_first,
    count(DISTINCT m.host) AS different_hosts,
    count(DISTINCT domain) AS domains,
    count(DISTINCT domain) FILTER (mode = 'enforce') AS enforce
FROM probed, totals
WHERE m.starttls IS NOT NULL
GROUP BY m.starttls, m.tls_error, known, unknown
ORDER BY hosts DESC, m.starttls, m.tls_error;
