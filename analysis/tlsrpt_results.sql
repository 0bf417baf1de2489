-- What would senders that report write about the failures (RFC 8460)?
--
-- Numerator: domains by result type of section 4.3.2.2 of RFC 8460, and by the class of
-- their policy.
-- Denominator: domains that publish a record. Where it is malformed, or there are several,
-- senders know of no MTA-STS and report nothing.
-- Caveat: a sender reports only where the domain has a TLSRPT record, and only what it
-- saw itself, which may be another moment.
SELECT tlsrpt_result AS result, judged_policy AS policy, count(*) AS domains, count(*) / (SELECT count(*) FROM published) AS share
FROM published
WHERE tlsrpt_result IS NOT NULL
GROUP BY tlsrpt_result, judged_policy
ORDER BY result, domains DESC, policy;
