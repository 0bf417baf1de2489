-- Who receives the reports about TLS?
--
-- Numerator: domains by the registered domain of a destination of their reports.
-- Denominator: domains with a TLSRPT record that names a destination.
-- Caveat: a domain can have several destinations; own is one below the domain itself.
WITH reporting AS (SELECT domain, registered_domain, rua_domains FROM rows WHERE len(rua_domains) > 0)
SELECT
    CASE WHEN destination = coalesce(registered_domain, domain) THEN '(own)' ELSE destination END AS destination,
    count(*) AS domains,
    count(*) / (SELECT count(*) FROM reporting) AS share,
    count(*) OVER () AS total_rows
FROM (SELECT domain, registered_domain, unnest(rua_domains) AS destination FROM reporting)
GROUP BY 1
ORDER BY domains DESC, destination
LIMIT 50;
