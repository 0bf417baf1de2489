-- Where do Policy Hosts redirect to, although senders must not follow?
--
-- Numerator: domains whose Policy Host answered with a redirect, by its target.
-- Denominator: domains whose Policy Host sent a response.
-- Caveat: the targets are what strangers wrote; only their form is looked at.
WITH totals AS (
    SELECT count(http_status) AS known, count(*) FILTER (judged_policy = 'unknown' AND http_status IS NULL) AS unknown FROM published
)
SELECT
    CASE
        WHEN http_location IS NULL THEN 'nowhere'
        WHEN starts_with(http_location, '/') AND NOT starts_with(http_location, '//') THEN 'same host'
        WHEN regexp_extract(lower(http_location), '^(?:https?:)?//([^/:?#]+)', 1) = 'mta-sts.' || domain THEN 'same host'
        WHEN regexp_extract(lower(http_location), '^(?:https?:)?//([^/:?#]+)', 1) IN (domain, 'www.' || domain) THEN 'web site of the domain'
        WHEN regexp_extract(lower(http_location), '^(?:https?:)?//([^/:?#]+)', 1) <> '' THEN 'another host'
        ELSE 'something else'
    END AS target,
    count(*) AS domains,
    known,
    unknown,
    count(*) / known AS share
FROM published, totals
WHERE http_status BETWEEN 300 AND 399
GROUP BY target, known, unknown
ORDER BY domains DESC, target;
