-- For how long may senders keep valid policies?
--
-- Numerator: domains by max_age, in seconds and in days; below is the share of those
-- with this max_age or a shorter one (the distribution function).
-- Denominator: domains with a valid policy of the same mode.
-- Caveat: section 3.2 of RFC 8461 asks for weeks; an attacker who can block the
-- retrieval wins when a shorter policy has run out.
SELECT
    mode,
    max_age,
    max_age / 86400 AS days,
    count(*) AS domains,
    sum(count(*)) OVER (PARTITION BY mode) AS known,
    (SELECT count(*) FROM published WHERE judged_policy = 'unknown') AS unknown,
    count(*) / sum(count(*)) OVER (PARTITION BY mode) AS share,
    sum(count(*)) OVER (PARTITION BY mode ORDER BY max_age) / sum(count(*)) OVER (PARTITION BY mode) AS below
FROM published
WHERE judged_policy = 'valid' AND max_age IS NOT NULL
GROUP BY mode, max_age
ORDER BY list_position(['enforce', 'testing', 'none'], mode), max_age;
