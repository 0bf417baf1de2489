-- Which version of TLS do Policy Hosts speak?
--
-- Numerator: domains by the version that was agreed on.
-- Denominator: domains whose Policy Host finished a handshake, whatever its
-- certificate was.
-- Caveat: versions below 1.2 are not offered: hosts that speak nothing newer are
-- protocol_version in tls_reasons.sql.
SELECT tls_version AS version, count(*) AS domains, count(*) / sum(count(*)) OVER () AS share, count(*) FILTER (policy = 'valid') AS policy_valid
FROM published
WHERE tls_version IS NOT NULL
GROUP BY tls_version
ORDER BY domains DESC, version;
