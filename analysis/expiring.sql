-- Which accepted certificates run out soon after the run?
--
-- Numerator: domains with a valid policy whose certificate ends within 30 days after
-- it was seen, the first to end first.
-- Denominator: domains with a valid policy.
-- Caveat: most certificates are renewed automatically in their last 30 days, so one
-- that has ten days or less is worth a look, and one that has twenty is not. To ask for
-- other days, change the number.
SELECT
    domain,
    tags,
    cert_not_after AS ends,
    date_diff('day', observed_at, cert_not_after) AS days_left,
    mode,
    cert_issuer AS issuer,
    count(*) OVER () AS total_rows
FROM published
WHERE policy = 'valid' AND cert_not_after < observed_at + INTERVAL 30 DAY
ORDER BY cert_not_after, domain
LIMIT 1000;
