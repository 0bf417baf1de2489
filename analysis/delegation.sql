-- To whom do domains delegate their MTA-STS record by CNAME, and how well does it work?
--
-- Numerator: domains with a record behind an alias, by the operator at the end of
-- the alias chain; of these, those with a valid policy, and those whose policy
-- host is an alias to the same operator (section 8.2 of RFC 8461 asks for both).
-- Denominator: domains that publish a record (valid, invalid or multiple).
-- Caveat: the operator is the last two labels of the last target, which is the
-- registered domain under com or de, and too little of it under co.uk. An alias
-- that stays inside the domain is no delegation; and operators that are delegated
-- to by other means, such as NS records, are not seen.
WITH published AS (
    FROM rows
    SELECT
        policy,
        ends_with('.' || cnames[-1], '.' || coalesce(registered_domain, domain)) AS inside,
        array_to_string(string_split(cnames[-1], '.')[-2:], '.') AS operator,
        array_to_string(string_split(host_cnames[-1], '.')[-2:], '.') AS host_operator
    WHERE record IN ('valid', 'invalid', 'multiple')
)
SELECT
    operator,
    count(*) AS domains,
    count(*) / (SELECT count(*) FROM published) AS share,
    count(*) FILTER (policy = 'valid') AS policy_valid,
    count(*) FILTER (host_operator = operator) AS host_too
FROM published
WHERE operator IS NOT NULL AND NOT inside
GROUP BY operator
ORDER BY domains DESC, operator;
