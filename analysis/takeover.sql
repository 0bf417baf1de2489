-- Which names could somebody else take over?
--
-- Numerator: domains one of whose two names of MTA-STS is an alias of a name that does not
-- exist. Whoever registers that target serves the policy (host_cname_dangling: mta-sts. before
-- the domain), or the record (record_cname_dangling: _mta-sts. before it).
-- Denominator: the domains of the run.
-- Caveat: whether the target can be registered is not asked: it may lie in a zone of the
-- domain's own operator.
SELECT
    domain,
    tags,
    finding,
    CASE finding WHEN 'host_cname_dangling' THEN host_cnames ELSE cnames END[-1] AS target,
    verdict,
    count(*) OVER () AS total_rows
FROM (
    SELECT *, unnest(list_distinct(findings)) AS finding
    FROM rows
    WHERE (cnames IS NOT NULL OR host_cnames IS NOT NULL) AND list_has_any(findings, ['host_cname_dangling', 'record_cname_dangling'])
)
WHERE finding IN ('host_cname_dangling', 'record_cname_dangling')
ORDER BY finding, domain
LIMIT 10000;
