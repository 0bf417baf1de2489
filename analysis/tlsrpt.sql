-- How many domains ask for reports about TLS (TLSRPT), with and without MTA-STS?
--
-- Numerator: domains by the class of their TLSRPT record, those with an MTA-STS record,
-- those without, and those of whose MTA-STS record nothing is known (with_mta_sts is NULL) apart.
-- Denominator: domains of the same kind that were asked for it, and where there was an answer.
-- Caveat: unless the scan was asked for more (--tlsrpt all), only domains with an MTA-STS
-- record are asked. Who publishes TLSRPT is in valid, invalid and multiple together.
SELECT
    CASE WHEN record <> 'unknown' THEN record <> 'absent' END AS with_mta_sts,
    tlsrpt,
    count(*) AS domains,
    coalesce(sum(count(*)) FILTER (tlsrpt <> 'unknown') OVER of_kind, 0) AS known,
    coalesce(sum(count(*)) FILTER (tlsrpt = 'unknown') OVER of_kind, 0) AS unknown,
    CASE WHEN tlsrpt <> 'unknown' THEN count(*) / known END AS share,
    count(*) FILTER (list_contains(rua_kinds, 'mailto')) AS by_mail,
    count(*) FILTER (list_contains(rua_kinds, 'https')) AS by_https
FROM rows
WHERE tlsrpt IS NOT NULL
GROUP BY with_mta_sts, tlsrpt
WINDOW of_kind AS (PARTITION BY with_mta_sts)
ORDER BY with_mta_sts DESC NULLS LAST, list_position(['valid', 'invalid', 'multiple', 'absent', 'unknown'], tlsrpt);
