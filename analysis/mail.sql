-- How do domains receive mail, with and without MTA-STS?
--
-- Numerator: domains by how they receive mail; of these, those with a record (present), and
-- those of whose record nothing is known (record_unknown).
-- Denominator: domains that were asked for their MX, and where there was an answer.
-- Caveat: unless the scan was asked for more (--mx all), only domains with a record are
-- asked, and then this is about them alone.
SELECT
    mx_kind,
    count(*) AS domains,
    coalesce(sum(count(*)) FILTER (mx_kind <> 'unknown') OVER (), 0) AS known,
    coalesce(sum(count(*)) FILTER (mx_kind = 'unknown') OVER (), 0) AS unknown,
    CASE WHEN mx_kind <> 'unknown' THEN count(*) / known END AS share,
    count(*) FILTER (record IN ('valid', 'invalid', 'multiple')) AS present,
    count(*) FILTER (record = 'unknown') AS record_unknown
FROM rows
WHERE mx_kind IS NOT NULL
GROUP BY mx_kind
ORDER BY list_position(['mx', 'implicit', 'null', 'pseudo', 'none', 'unknown'], mx_kind);
