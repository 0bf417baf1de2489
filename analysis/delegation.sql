-- Where do domains delegate their MTA-STS record to by CNAME, and how well does it work?
--
-- Numerator: domains with a record behind an alias, by the operator at the end of
-- the alias chain; of these, those with a valid policy, and those whose policy
-- host is an alias to the same operator (section 8.2 of RFC 8461 asks for both).
-- Denominator: domains that publish a record (valid, invalid or multiple).
-- Caveat: the operator is the registered name at the end of the alias chain, by a rule
-- of thumb (see view.sql). An alias that stays inside the domain is no delegation; and
-- operators that are delegated to by other means, such as NS records, are not seen.
SELECT
    record_operator AS operator,
    count(*) AS domains,
    n,
    count(*) / n AS share,
    count(*) FILTER (policy = 'valid') AS policy_valid,
    count(*) FILTER (host_operator = record_operator) AS host_too
FROM published, (SELECT count(*) AS n FROM published)
WHERE record_operator IS NOT NULL
GROUP BY record_operator, n
ORDER BY domains DESC, operator;
