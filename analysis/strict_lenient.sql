-- How many records and policies are fine by the letter, and how many only in practice?
--
-- Numerator: domains by class of their record and policy and by the two readings:
-- strict is the letter of RFC 8461, lenient is what most senders would use.
-- Denominator: domains whose record or policy was read, less those whose policy is unknown: of
-- these the record alone was read, and they have no share.
-- Caveat: real senders differ; the lenient reading is what most of seven counted
-- parsers do (docs/lenient.md) and describes none of them exactly. A policy that is
-- not served as text/plain is valid, and not usable.
WITH readings AS (
    SELECT
        record,
        judged_policy AS policy,
        CASE WHEN strict THEN 'by the letter' WHEN lenient THEN 'in practice only' ELSE 'not usable' END AS reading
    FROM published
    WHERE strict IS NOT NULL
)
SELECT
    record,
    policy,
    reading,
    count(*) AS domains,
    coalesce(sum(count(*)) FILTER (policy <> 'unknown') OVER (), 0) AS known,
    coalesce(sum(count(*)) FILTER (policy = 'unknown') OVER (), 0) AS unknown,
    CASE WHEN policy <> 'unknown' THEN count(*) / known END AS share
FROM readings
GROUP BY record, policy, reading
ORDER BY list_position(['valid', 'invalid', 'multiple'], record), policy, reading;
