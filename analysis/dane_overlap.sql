-- How many domains have MTA-STS, DANE, both or neither, and who of them asks for reports?
--
-- Numerator: domains by what senders can use: mta_sts is a valid policy of mode enforce
-- or testing, dane is usable TLSA records for at least one MX host. with_tlsrpt of them
-- have a valid TLSRPT record, out of those that were asked for one.
-- Denominator: domains that were asked for TLSA records, where both answers are known.
-- Caveat: unless the scan was asked for more (--dane all, --tlsrpt all), only domains with
-- an MTA-STS record are asked, and DANE alone is not seen. Needs a resolver that validates
-- DNSSEC.
SELECT
    CASE WHEN mta_sts AND dane THEN 'both' WHEN mta_sts THEN 'MTA-STS alone' WHEN dane THEN 'DANE alone' ELSE 'neither' END AS protection,
    count(*) AS domains,
    count(*) / sum(count(*)) OVER () AS share,
    count(*) FILTER (tlsrpt = 'valid') AS with_tlsrpt,
    share_of(with_tlsrpt, count(*) FILTER (tlsrpt <> 'unknown')) AS share_with_tlsrpt
FROM (
    SELECT policy = 'valid' AND mode <> 'none' AS mta_sts, dane IN ('all', 'some') AS dane, tlsrpt
    FROM rows
    WHERE dane <> 'unknown' AND record <> 'unknown' AND judged(policy, findings) <> 'unknown'
)
GROUP BY mta_sts, dane
ORDER BY list_position(['both', 'MTA-STS alone', 'DANE alone', 'neither'], protection);
