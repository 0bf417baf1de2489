-- In which top-level domains do those with MTA-STS ask for reports too?
--
-- Numerator: domains with a TLSRPT record, be it valid or not.
-- Denominator: domains that publish an MTA-STS record and were asked for TLSRPT.
-- Caveat: those without an answer are the difference between low and high.
SELECT
    tld,
    count(*) AS domains,
    count(*) FILTER (tlsrpt IN ('valid', 'invalid', 'multiple')) AS present,
    count(*) FILTER (tlsrpt = 'unknown') AS unknown,
    present / domains AS low,
    (present + unknown) / domains AS high,
    count(*) OVER () AS total_rows
FROM published
WHERE tlsrpt IS NOT NULL
GROUP BY tld
ORDER BY domains DESC, tld
LIMIT 50;
