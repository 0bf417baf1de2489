-- Which oddities do records and policies have, warnings included?
--
-- Numerator: domains with the finding; of these, those with a valid policy: there it is a
-- warning.
-- Denominator: domains that publish a record.
-- Caveat: a domain can have several findings, so that the shares do not add up.
SELECT
    finding,
    count(*) AS domains,
    count(*) / (SELECT count(*) FROM published) AS share,
    count(*) FILTER (policy = 'valid') AS policy_valid
FROM (SELECT unnest(list_distinct(findings)) AS finding, policy FROM published)
GROUP BY finding
ORDER BY domains DESC, finding;
