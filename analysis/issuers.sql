-- Who issues the certificates of Policy Hosts, and how many of them are accepted?
--
-- Numerator: domains by the organisation in the issuer of the leaf certificate (its
-- common name where there is none); of these, those whose certificate was accepted.
-- Denominator: domains whose Policy Host showed a certificate.
-- Caveat: the name of an issuer is what the certificate says, even where no authority
-- vouches for it.
SELECT
    coalesce(nullif(regexp_extract(cert_issuer, '(?:^|,)O=((?:[^,\\]|\\.)+)', 1), ''), cert_issuer) AS issuer,
    count(*) AS domains,
    sum(count(*)) OVER () AS known,
    (SELECT count(*) FROM published WHERE judged_policy = 'unknown' AND cert_sha256 IS NULL) AS unknown,
    count(*) / sum(count(*)) OVER () AS share,
    count(*) FILTER (tls_error IS NULL) AS accepted,
    round(median(date_diff('day', cert_not_before, cert_not_after)))::BIGINT AS median_days
FROM published
WHERE cert_sha256 IS NOT NULL
GROUP BY issuer
ORDER BY domains DESC, issuer
LIMIT 50;
