-- How many records are only there because the zone answers for every name?
--
-- Numerator: domains where a random name beside _mta-sts has an MTA-STS record too.
-- Denominator: domains that publish a record and where the answer to such a question is known.
-- Caveat: such a record is valid all the same; where its owner never meant one, it
-- inflates adoption.
SELECT
    wildcard_suspected,
    count(*) AS domains,
    sum(count(*)) OVER () AS known,
    (SELECT count(*) FROM published WHERE wildcard_suspected IS NULL) AS unknown,
    count(*) / sum(count(*)) OVER () AS share,
    count(*) FILTER (policy = 'valid') AS policy_valid
FROM published
WHERE wildcard_suspected IS NOT NULL
GROUP BY wildcard_suspected
ORDER BY wildcard_suspected DESC;
