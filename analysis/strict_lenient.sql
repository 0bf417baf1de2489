-- How many records and policies are fine by the letter, and how many only in practice?
--
-- Numerator: domains by class of their record and policy and by the two readings:
-- strict is the letter of RFC 8461, lenient is what most senders would use.
-- Denominator: domains whose record or policy was read.
-- Caveat: real senders differ; the lenient reading is what most of seven counted
-- parsers do (docs/lenient.md) and describes none of them exactly. A policy that is
-- not served as text/plain is valid, and not usable.
SELECT
    record,
    policy,
    CASE WHEN strict THEN 'by the letter' WHEN lenient THEN 'in practice only' ELSE 'not usable' END AS reading,
    count(*) AS domains,
    count(*) / sum(count(*)) OVER () AS share
FROM published
WHERE strict IS NOT NULL
GROUP BY record, policy, reading
ORDER BY list_position(['valid', 'invalid', 'multiple'], record), policy, reading;
