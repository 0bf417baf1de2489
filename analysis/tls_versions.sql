-- Which version of TLS do Policy Hosts speak, with which cipher and key exchange?
--
-- Numerator: domains by the version, the cipher suite and the group that were agreed on.
-- Denominator: domains whose Policy Host finished a handshake, whatever its
-- certificate was.
-- Caveat: versions below 1.2 are not offered: hosts that speak nothing newer are
-- protocol_version in tls_reasons.sql.
SELECT
    tls_version AS version,
    tls_cipher AS cipher,
    tls_group AS key_exchange,
    count(*) AS domains,
    sum(count(*)) OVER () AS known,
    (SELECT count(*) FROM published WHERE judged_policy = 'unknown' AND tls_version IS NULL) AS unknown,
    count(*) / sum(count(*)) OVER () AS share,
    count(*) FILTER (policy = 'valid') AS policy_valid
FROM published
WHERE tls_version IS NOT NULL
GROUP BY version, cipher, key_exchange
ORDER BY domains DESC, version, cipher, key_exchange;
