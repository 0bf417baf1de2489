-- How do domains receive mail, with and without MTA-STS?
--
-- Numerator: domains by how they receive mail; of these, those with a record.
-- Denominator: domains that were asked for their MX.
-- Caveat: unless the scan was asked for more (--mx all), only domains with a record are
-- asked, and then this is about them alone.
SELECT
    mx_kind,
    count(*) AS domains,
    count(*) / sum(count(*)) OVER () AS share,
    count(*) FILTER (record IN ('valid', 'invalid', 'multiple')) AS present,
    count(*) FILTER (record = 'unknown') AS unknown
FROM rows
WHERE mx_kind IS NOT NULL
GROUP BY mx_kind
ORDER BY list_position(['mx', 'implicit', 'null', 'pseudo', 'none', 'unknown'], mx_kind);
