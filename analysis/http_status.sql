-- With which HTTP status do Policy Hosts answer?
--
-- Numerator: domains by status; of these, those with a valid policy.
-- Denominator: domains whose Policy Host sent a response.
-- Caveat: only 200 is allowed, and redirects are never followed (section 3.3 of RFC
-- 8461), so what is behind a redirect is not known.
SELECT
    http_status AS status,
    count(*) AS domains,
    sum(count(*)) OVER () AS known,
    (SELECT count(*) FROM published WHERE judged_policy = 'unknown' AND http_status IS NULL) AS unknown,
    count(*) / sum(count(*)) OVER () AS share,
    count(*) FILTER (policy = 'valid') AS policy_valid
FROM published
WHERE http_status IS NOT NULL
GROUP BY http_status
ORDER BY http_status;
