-- How long does each step take?
--
-- Numerator: quantiles of the time that the step took, in milliseconds.
-- Denominator: domains that reached the step.
-- Caveat: seen from one place; waits of the observer are part of the lookup. Steps that
-- failed for lack of time are in it with the time that was allowed.
SELECT
    step,
    count(ms) AS domains,
    quantile_disc(ms, 0.5) AS median_ms,
    quantile_disc(ms, 0.9) AS p90_ms,
    quantile_disc(ms, 0.99) AS p99_ms,
    max(ms) AS max_ms
FROM (
    SELECT 'record' AS step, 1 AS n, lookup_ms AS ms FROM rows
    UNION ALL
    SELECT unnest([{step: 'host addresses', n: 2, ms: dns_ms}, {step: 'connection', n: 3, ms: connect_ms}, {step: 'TLS handshake', n: 4, ms: tls_ms},
        {step: 'response header', n: 5, ms: http_ms}, {step: 'body', n: 6, ms: body_ms}], recursive := true)
    FROM published
)
WHERE ms IS NOT NULL
GROUP BY step, n
ORDER BY n;
