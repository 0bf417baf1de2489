-- How many domains ask for reports about TLS (TLSRPT), with and without MTA-STS?
--
-- Numerator: domains by the class of their TLSRPT record, those with an MTA-STS record and
-- those without apart.
-- Denominator: domains of the same kind that were asked for it.
-- Caveat: unless the scan was asked for more (--tlsrpt all), only domains with an MTA-STS
-- record are asked. present adds up valid, invalid and multiple.
SELECT
    record IN ('valid', 'invalid', 'multiple') AS with_mta_sts,
    tlsrpt,
    count(*) AS domains,
    count(*) / sum(count(*)) OVER (PARTITION BY record IN ('valid', 'invalid', 'multiple')) AS share,
    count(*) FILTER (list_contains(rua_kinds, 'mailto')) AS by_mail,
    count(*) FILTER (list_contains(rua_kinds, 'https')) AS by_https
FROM rows
WHERE tlsrpt IS NOT NULL
GROUP BY with_mta_sts, tlsrpt
ORDER BY with_mta_sts DESC, list_position(['valid', 'invalid', 'multiple', 'absent', 'unknown'], tlsrpt);
