-- Which web servers do Policy Hosts say that they are?
--
-- Numerator: domains by the product in the field Server; of these, those with a
-- valid policy.
-- Denominator: domains whose Policy Host sent a response.
-- Caveat: a server can say anything here. Large operators hide behind the product of
-- their content delivery network.
SELECT
    coalesce(nullif(lower(regexp_extract(server, '^([^/ (]+)', 1)), ''), '(none)') AS product,
    count(*) AS domains,
    sum(count(*)) OVER () AS known,
    (SELECT count(*) FROM published WHERE judged_policy = 'unknown' AND http_status IS NULL) AS unknown,
    count(*) / sum(count(*)) OVER () AS share,
    count(*) FILTER (policy = 'valid') AS policy_valid
FROM published
WHERE http_status IS NOT NULL
GROUP BY product
ORDER BY domains DESC, product
LIMIT 50;
