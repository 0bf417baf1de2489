-- How far do domains come on the way from a record to protected mail?
--
-- Numerator: domains that reach the step, each one within those of the step before.
-- Denominator: all domains (of_domains); those that reached the step before
-- (of_previous); those with a record (of_present).
-- Caveat: unknown is how many might have reached the step, if there had been an answer:
-- what is true lies between domains and domains + unknown. safe is by the names of the hosts
-- that receive the mail, and by their certificates where they were probed.
WITH steps AS (
    SELECT unnest([
        {n: 1, step: 'listed', domains: count(*), unknown: 0},
        {n: 2, step: 'record', domains: count(*) FILTER (record IN ('valid', 'invalid', 'multiple')), unknown: count(*) FILTER (record = 'unknown')},
        {n: 3, step: 'record valid', domains: count(*) FILTER (record = 'valid'), unknown: count(*) FILTER (record = 'unknown')},
        {n: 4, step: 'policy retrieved', domains: count(*) FILTER (policy = 'valid' OR policy_stage = 'syntax'), unknown: count(*) FILTER (record = 'unknown' OR judged(policy, findings) = 'unknown')},
        {n: 5, step: 'policy valid', domains: count(*) FILTER (policy = 'valid'), unknown: count(*) FILTER (record = 'unknown' OR judged(policy, findings) = 'unknown')},
        {n: 6, step: 'mode enforce', domains: count(*) FILTER (policy = 'valid' AND mode = 'enforce'), unknown: count(*) FILTER (record = 'unknown' OR judged(policy, findings) = 'unknown')},
        {n: 7, step: 'safe: enforced and every host covered', domains: CASE WHEN count(verdict) > 0 THEN count(*) FILTER (verdict = 'enforce_ok') END, unknown: count(*) FILTER (verdict = 'unknown')}
    ], recursive := true)
    FROM rows
)
SELECT
    step,
    domains,
    unknown,
    share_of(domains, max(CASE WHEN n = 1 THEN domains END) OVER ()) AS of_domains,
    share_of(domains, lag(domains) OVER (ORDER BY n)) AS of_previous,
    CASE WHEN n >= 2 THEN share_of(domains, max(CASE WHEN n = 2 THEN domains END) OVER ()) END AS of_present
FROM steps
WHERE domains IS NOT NULL
ORDER BY n;
