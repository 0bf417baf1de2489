-- What is wrong with the records that are not valid?
--
-- Numerator: domains by what is wrong: several records, or the first thing in the
-- one record that section 3.1 of RFC 8461 does not allow; and texts that mean
-- MTA-STS and are no record for lack of the version (bad_version). Of these, near_misses are
-- records but for a slip, and identical are several records that are all the same.
-- Denominator: domains that publish a record (valid, invalid or multiple) or a
-- text of bad version.
-- Caveat: a record can have more than one fault; only the first is counted. Senders
-- ignore texts of bad version, so adoption leaves them out.
WITH meant AS (
    SELECT record, findings, CASE WHEN record = 'multiple' THEN 'multiple' ELSE record_reason END AS reason
    FROM rows
    WHERE record IN ('valid', 'invalid', 'multiple') OR record_reason = 'bad_version'
), totals AS (
    SELECT (SELECT count(*) FROM meant) AS known, (SELECT count(*) FROM rows WHERE record = 'unknown') AS unknown
)
SELECT
    reason,
    count(*) AS domains,
    known,
    unknown,
    count(*) / known AS share,
    count(*) FILTER (list_contains(findings, 'record_near_miss')) AS near_misses,
    count(*) FILTER (list_contains(findings, 'record_identical')) AS identical
FROM meant, totals
WHERE record <> 'valid'
GROUP BY reason, known, unknown
ORDER BY domains DESC, reason;
