-- How long does each step take?
--
-- Numerator: quantiles of the time that the step took, in milliseconds.
-- Denominator: domains that reached the step.
-- Caveat: seen from one place; waits of the observer are part of the lookup. Steps that
-- failed for lack of time are in it with the time that was allowed.
WITH times AS ( -- counted by their length first, because quantile_disc keeps every value in memory
    SELECT 'record' AS step, 1 AS n, lookup_ms AS ms, count(*) AS domains FROM rows GROUP BY ms
    UNION ALL
    SELECT step, n, ms, count(*)
    FROM (
        SELECT unnest([{step: 'host addresses', n: 2, ms: dns_ms}, {step: 'connection', n: 3, ms: connect_ms}, {step: 'TLS handshake', n: 4, ms: tls_ms},
            {step: 'response header', n: 5, ms: http_ms}, {step: 'body', n: 6, ms: body_ms}], recursive := true)
        FROM published
    )
    GROUP BY ALL
), sorted AS (
    SELECT step, n, ms, sum(domains) OVER (PARTITION BY n ORDER BY ms) AS up_to, sum(domains) OVER (PARTITION BY n) AS whole
    FROM times
    WHERE ms IS NOT NULL
)
SELECT
    step,
    any_value(whole)::BIGINT AS domains,
    min(ms) FILTER (up_to >= 0.5 * whole) AS median_ms,
    min(ms) FILTER (up_to >= 0.9 * whole) AS p90_ms,
    min(ms) FILTER (up_to >= 0.99 * whole) AS p99_ms,
    max(ms) AS max_ms
FROM sorted
GROUP BY step, n
ORDER BY n;
