-- How do the domains of each owner fare?
--
-- Numerator: domains by the values of each column that the list carried (tag): those that
-- publish a record (present), of these those with a valid policy and one that is not known, and
-- by what a sender experiences: protected (enforce_ok), refused (enforce_refused or
-- enforce_partial), broken; takeover counts those of takeover.sql.
-- Denominator: the domains of the run with that value; no value: the list had none.
-- Caveat: a domain counts once for each tag. A column with a value of its own for each domain
-- says little here; at most 10,000 rows are listed, of total_rows, those of tags with few
-- values first.
WITH owners AS ( -- few, where the domains are many
    SELECT
        tags,
        count(*) AS domains,
        count(*) FILTER (record IN ('valid', 'invalid', 'multiple')) AS present,
        count(*) FILTER (record = 'unknown') AS unknown,
        count(*) FILTER (judged_policy_of(record, policy, policy_reason, findings) = 'valid') AS policy_valid,
        count(*) FILTER (judged_policy_of(record, policy, policy_reason, findings) = 'unknown') AS policy_unknown,
        count(*) FILTER (verdict = 'enforce_ok') AS protected,
        count(*) FILTER (verdict IN ('enforce_refused', 'enforce_partial')) AS refused,
        count(*) FILTER (verdict = 'broken') AS broken,
        count(*) FILTER ((cnames IS NOT NULL OR host_cnames IS NOT NULL) AND list_has_any(findings, ['host_cname_dangling', 'record_cname_dangling'])) AS takeover
    FROM rows
    GROUP BY tags
), keys AS (
    SELECT DISTINCT unnest(map_keys(tags)) AS tag FROM owners
)
SELECT
    tag,
    map_extract(tags, tag)[1] AS value,
    sum(domains)::BIGINT AS domains,
    sum(present)::BIGINT AS present,
    sum(unknown)::BIGINT AS unknown,
    sum(policy_valid)::BIGINT AS policy_valid,
    sum(policy_unknown)::BIGINT AS policy_unknown,
    sum(protected)::BIGINT AS protected,
    sum(refused)::BIGINT AS refused,
    sum(broken)::BIGINT AS broken,
    sum(takeover)::BIGINT AS takeover,
    count(*) OVER () AS total_rows
FROM owners CROSS JOIN keys
GROUP BY tag, value
ORDER BY count(*) OVER (PARTITION BY tag), tag, sum(refused) DESC, sum(broken) DESC, sum(domains) DESC, value
LIMIT 10000;
