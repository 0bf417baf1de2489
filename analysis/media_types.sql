-- Under which media type are policies served?
--
-- Numerator: domains by media type, without its parameters; of these, those with a
-- valid policy.
-- Denominator: domains whose Policy Host answered with status 200.
-- Caveat: section 3.3 of RFC 8461 asks for text/plain, and many senders do not look.
SELECT
    coalesce(lower(trim(split_part(content_type, ';', 1))), '(none)') AS media_type,
    count(*) AS domains,
    sum(count(*)) OVER () AS known,
    (SELECT count(*) FROM published WHERE judged_policy = 'unknown' AND http_status IS NULL) AS unknown,
    count(*) / sum(count(*)) OVER () AS share,
    count(*) FILTER (policy = 'valid') AS policy_valid
FROM published
WHERE http_status = 200
GROUP BY media_type
ORDER BY domains DESC, media_type
LIMIT 50;
