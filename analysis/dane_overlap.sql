-- How many domains have MTA-STS, DANE, both or neither, and who of them asks for reports?
--
-- Numerator: domains by what senders can use: mta_sts is a valid policy of mode enforce
-- or testing, dane is usable TLSA records for at least one MX host. with_tlsrpt of them
-- have a valid TLSRPT record, out of those that were asked for one.
-- Denominator: domains that were asked for TLSA records, where both answers are known.
-- Caveat: unless the scan was asked for more (--dane all, --tlsrpt all), only domains with
-- an MTA-STS record are asked, and DANE alone is not seen. Needs a resolver that validates
-- DNSSEC.
WITH asked AS (
    SELECT
        CASE WHEN judged <> 'unknown' THEN judged = 'valid' AND mode <> 'none' END AS mta_sts,
        CASE WHEN dane <> 'unknown' THEN dane IN ('all', 'some') END AS dane,
        tlsrpt
    FROM (SELECT *, judged_policy_of(record, policy, policy_reason, findings) AS judged FROM rows WHERE dane IS NOT NULL)
), totals AS (
    SELECT count(*) FILTER (mta_sts IS NOT NULL AND dane IS NOT NULL) AS known, count(*) - known AS unknown FROM asked
)
SELECT
    CASE WHEN mta_sts AND dane THEN 'both' WHEN mta_sts THEN 'MTA-STS alone' WHEN dane THEN 'DANE alone' ELSE 'neither' END AS protection,
    count(*) AS domains,
    known,
    unknown,
    count(*) / known AS share,
    count(*) FILTER (tlsrpt = 'valid') AS with_tlsrpt,
    count(*) FILTER (tlsrpt <> 'unknown') AS with_tlsrpt_known,
    count(*) FILTER (tlsrpt = 'unknown') AS with_tlsrpt_unknown,
    share_of(with_tlsrpt, with_tlsrpt_known) AS share_with_tlsrpt
FROM asked, totals
WHERE mta_sts IS NOT NULL AND dane IS NOT NULL
GROUP BY mta_sts, dane, known, unknown
ORDER BY list_position(['both', 'MTA-STS alone', 'DANE alone', 'neither'], protection);
