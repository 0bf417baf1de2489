-- Who receives the reports about TLS?
--
-- Numerator: domains by the registered domain of a destination of their reports.
-- Denominator: domains with a TLSRPT record that names a destination.
-- Caveat: a domain can have several destinations; own is one below the domain itself.
WITH reporting AS (
    SELECT domain, registered_domain, rua_domains FROM rows WHERE len(rua_domains) > 0
), totals AS (
    SELECT count(*) FILTER (len(rua_domains) > 0) AS known, count(*) FILTER (tlsrpt = 'unknown') AS unknown FROM rows
)
SELECT
    CASE WHEN destination = coalesce(registered_domain, domain) THEN '(own)' ELSE destination END AS destination,
    count(*) AS domains,
    known,
    unknown,
    count(*) / known AS share
FROM (SELECT domain, registered_domain, unnest(list_distinct(rua_domains)) AS destination FROM reporting), totals
GROUP BY 1, known, unknown
ORDER BY domains DESC, destination
LIMIT 50;
