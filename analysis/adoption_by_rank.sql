-- How does adoption fall with the rank in the list?
--
-- Numerator: domains with a record (present); the upper bound adds those that got no
-- answer (unknown). high_without_soa, as in adoption.sql, takes those
-- that were denied without an SOA for unknown too, where they are more than 1 %.
-- Denominator: domains of the bin, by the rank that the list states, else by the
-- position in it.
-- Caveat: an interval, not an estimate. Where several lists were read, or one that
-- is not in order of importance, the position says nothing about it.
SELECT
    CASE bin WHEN 3 THEN '1 to 1,000' WHEN 4 THEN '1,001 to 10,000' WHEN 5 THEN '10,001 to 100,000' WHEN 6 THEN '100,001 to 1,000,000' ELSE 'over 1,000,000' END AS ranks,
    count(*) AS domains,
    count(*) FILTER (record IN ('valid', 'invalid', 'multiple')) AS present,
    count(*) FILTER (record = 'unknown') AS unknown,
    present / domains AS low,
    (present + unknown) / domains AS high,
    count(*) FILTER (denied_without_soa(record, findings)) AS without_soa,
    CASE WHEN without_soa > 0.01 * (domains - unknown) THEN (present + unknown + without_soa) / domains END AS high_without_soa
FROM (
    SELECT record, findings, CASE WHEN r <= 1000 THEN 3 WHEN r <= 10000 THEN 4 WHEN r <= 100000 THEN 5 WHEN r <= 1000000 THEN 6 ELSE 7 END AS bin
    FROM (SELECT record, findings, coalesce(list_rank, rank) AS r FROM rows)
)
GROUP BY bin
ORDER BY bin;
