-- What did asking again mend?
--
-- Numerator: domains that were asked again, by what was wrong first and what is said now.
-- Denominator: domains that were asked in more than one pass; pending ones still wait.
-- Caveat: asking again changes who is unknown, and rarely anything else: a domain whose
-- answer changes from one valid answer to another is not among them.
SELECT
    coalesce(first_record_reason, first_policy_stage || ': ' || first_policy_reason, first_record) AS first,
    coalesce(record_reason, policy_stage || ': ' || policy_reason, record) AS now,
    pending,
    count(*) AS domains,
    sum(count(*)) OVER () AS n,
    count(*) / sum(count(*)) OVER () AS share
FROM rows
WHERE first_record IS NOT NULL OR pending IS NOT NULL
GROUP BY ALL
ORDER BY domains DESC, first, now, pending;
