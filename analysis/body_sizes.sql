-- How long are policies, and how is their end marked?
--
-- Numerator: domains by the size of the body and the framing of the response.
-- Denominator: domains whose Policy Host answered with status 200 and a body.
-- Caveat: bodies are read up to 64 KiB, as section 3.3 of RFC 8461 suggests. Where
-- closing the connection marks the end, a body cut short looks whole.
SELECT
    CASE WHEN body_bytes = 0 THEN '0' WHEN body_bytes < 64 THEN '1 to 63' WHEN body_bytes < 128 THEN '64 to 127' WHEN body_bytes < 256 THEN '128 to 255'
        WHEN body_bytes < 1024 THEN '256 to 1,023' WHEN body_bytes <= 65536 THEN '1,024 to 65,536' ELSE 'over 65,536' END AS bytes,
    body_framing AS framing,
    count(*) AS domains,
    sum(count(*)) OVER () AS known,
    (SELECT count(*) FROM published WHERE judged_policy = 'unknown' AND body_bytes IS NULL) AS unknown,
    count(*) / sum(count(*)) OVER () AS share
FROM published
WHERE http_status = 200 AND body_bytes IS NOT NULL
GROUP BY bytes, framing
ORDER BY min(body_bytes), framing;
