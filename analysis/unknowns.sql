-- Of how many domains is nothing known, and who did not answer?
--
-- Numerator: domains whose record is unknown, by reason and by the resolver that
-- gave the last reply (NULL: none did).
-- Denominator: all domains that this resolver was the last one to answer for, and
-- all domains of the run (of_run).
-- Caveat: servfail and timeout of one resolver and not of the others speak about the
-- resolver. A dead zone (zone_unreachable) is no fault of the observer.
WITH asked AS (
    SELECT resolver, count(*) AS domains FROM rows GROUP BY resolver
), failed AS (
    SELECT resolver, record_reason AS reason, count(*) AS domains FROM rows WHERE record = 'unknown' GROUP BY ALL
)
SELECT
    failed.resolver,
    reason,
    failed.domains,
    asked.domains AS resolver_n,
    failed.domains / asked.domains AS of_resolver,
    run_n,
    failed.domains / run_n AS of_run
FROM failed JOIN asked ON failed.resolver IS NOT DISTINCT FROM asked.resolver, (SELECT count(*) AS run_n FROM rows)
ORDER BY failed.domains DESC, failed.resolver, reason;
