-- How far do domains come on the way from a record to protected mail?
--
-- Numerator: domains that reach the step, each one within those of the step before.
-- Denominator: all domains (n); those that reached the step before (of_previous), and those
-- with a record (of_present), as far as it is known of them whether they reach this step.
-- Caveat: unknown is how many might reach the step, if there had been an answer:
-- what is true of all lies between low and high. safe is by the names of the hosts
-- that receive the mail, and by their certificates where they were probed.
WITH reached AS (
    -- A step that is NULL is not known: so is what follows from it, unless it fails anyway.
    SELECT
        CASE WHEN record <> 'unknown' THEN record <> 'absent' END AS present,
        CASE WHEN record <> 'unknown' THEN record = 'valid' END AS valid,
        CASE WHEN judged <> 'unknown' THEN judged = 'valid' OR coalesce(policy_stage = 'syntax', false) END AS retrieved,
        CASE WHEN judged <> 'unknown' THEN judged = 'valid' END AS policy_valid,
        policy_valid AND mode = 'enforce' AS enforced,
        enforced AND CASE WHEN verdict <> 'unknown' THEN verdict = 'enforce_ok' END AS safe,
        verdict
    FROM (SELECT *, judged_policy_of(record, policy, policy_reason, findings) AS judged FROM rows)
), steps AS (
    SELECT unnest([
        {n: 1, step: 'listed', is_reached: true, previous: NULL, present: NULL},
        {n: 2, step: 'record', is_reached: present, previous: true, present: present},
        {n: 3, step: 'record valid', is_reached: valid, previous: present, present: present},
        {n: 4, step: 'policy retrieved', is_reached: retrieved, previous: valid, present: present},
        {n: 5, step: 'policy valid', is_reached: policy_valid, previous: retrieved, present: present},
        {n: 6, step: 'mode enforce', is_reached: enforced, previous: policy_valid, present: present},
        {n: 7, step: 'safe: enforced and every host covered', is_reached: safe, previous: enforced, present: present}
    ], recursive := true), verdict
    FROM reached
)
SELECT
    step,
    count(*) FILTER (is_reached) AS domains,
    count(*) AS n,
    count(*) FILTER (is_reached IS NULL) AS unknown,
    domains / count(*) AS low,
    (domains + unknown) / count(*) AS high,
    count(is_reached) FILTER (previous) AS previous_known,
    count(*) FILTER (previous AND is_reached IS NULL) AS previous_unknown,
    share_of(domains, previous_known) AS of_previous,
    count(is_reached) FILTER (present) AS present_known,
    count(*) FILTER (present AND is_reached IS NULL) AS present_unknown,
    share_of(domains, present_known) AS of_present
FROM steps
GROUP BY steps.n, step
HAVING steps.n < 7 OR count(verdict) > 0
ORDER BY steps.n;
