-- Why do domains have no record, as far as their name servers say?
--
-- Numerator: domains by the reason of the denial.
-- Denominator: domains without a record (absent).
-- Caveat: no_domain means that the zone above the registered domain denied it: the
-- list is stale, or the name was never registered. Many answers other_txt or nodata
-- under one provider come from wildcards.
SELECT
    record_reason AS reason,
    count(*) AS domains,
    sum(count(*)) OVER () AS known,
    (SELECT count(*) FROM rows WHERE record = 'unknown') AS unknown,
    count(*) / sum(count(*)) OVER () AS share
FROM rows
WHERE record = 'absent'
GROUP BY record_reason
ORDER BY domains DESC, reason;
