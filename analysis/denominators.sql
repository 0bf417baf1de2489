-- How does adoption change with what is taken for a domain?
--
-- Numerator: domains with a record; the upper bound adds the unknown ones. high_without_soa,
-- as in adoption.sql, takes those that were denied without an SOA for unknown too, where they
-- are more than 1 %.
-- Denominator: all domains; those that exist, as far as their zone's answer
-- tells; those that got an answer; registered domains alone; those that
-- receive mail at MX hosts, where all were asked for them (--mx all).
-- Caveat: a domain is taken to exist unless the denial of its record came from a
-- zone above its registered domain (no_domain), so names below that do not exist
-- are among the existing ones.
WITH counted AS (
    SELECT
        record, record_reason, denied_without_soa(record, findings) AS denied_without_soa,
        domain = registered_domain AS registered, mx_kind,
        count(*) AS of -- alike
    FROM rows
    GROUP BY ALL
)
SELECT
    denominator,
    sum(of)::BIGINT AS domains,
    coalesce(sum(of) FILTER (record IN ('valid', 'invalid', 'multiple')), 0)::BIGINT AS present,
    coalesce(sum(of) FILTER (record = 'unknown'), 0)::BIGINT AS unknown,
    share_of(present, domains) AS low,
    share_of(present + unknown, domains) AS high,
    coalesce(sum(of) FILTER (denied_without_soa), 0)::BIGINT AS without_soa,
    CASE WHEN without_soa > 0.01 * (domains - unknown) THEN share_of(present + unknown + without_soa, domains) END AS high_without_soa
FROM (
    SELECT *, unnest([
        '1 all domains',
        CASE WHEN record_reason IS DISTINCT FROM 'no_domain' THEN '2 domains that exist' END,
        CASE WHEN record <> 'unknown' THEN '3 domains with an answer' END,
        CASE WHEN registered THEN '4 registered domains' END,
        CASE WHEN mx_kind = 'mx' AND (SELECT bool_or(mx_kind IS NOT NULL AND record = 'absent') FROM counted) THEN '5 domains with MX' END
    ]) AS denominator
    FROM counted
)
WHERE denominator IS NOT NULL
GROUP BY denominator
ORDER BY denominator;
