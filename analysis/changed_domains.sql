-- Which domains changed since the run before, and how?
--
-- Numerator: domains by kind of change, with what was before and what is now (of policies,
-- the fields that differ); those that lost protection first, the worst kinds at the top. Where the change is about the
-- policy and the MX hosts, cause and hosts say what to mend, as in fix_first.sql.
-- Denominator: the changes of the last run; changes.sql counts them.
-- Caveat: at most 10,000 are listed. A domain can have several changes.
SELECT
    kind,
    regression,
    domain,
    tags,
    before,
    after,
    cluster,
    cause,
    CASE WHEN starts_with(cause, 'mx_') THEN coalesce(array_to_string(uncovered(mx), ' '), '') WHEN cause IS NOT NULL THEN without_tls(mx)[1].host END AS hosts,
    count(*) OVER () AS total_rows
FROM (
    SELECT
        changed.*,
        place,
        mx,
        CASE
            WHEN kind NOT IN ('MX left the policy', 'MX hosts refused') THEN NULL
            WHEN mx_match = 'none' THEN 'mx_not_covered'
            WHEN mx_match = 'some' THEN 'mx_partly_covered'
            ELSE coalesce(without_tls(mx)[1].tls_error, without_tls(mx)[1].starttls)
        END AS cause
    FROM changed JOIN kinds USING (kind) LEFT JOIN published ON published.domain = changed.domain
    WHERE night = len(getvariable('runs'))
)
ORDER BY regression DESC, place, domain
LIMIT 10000;
