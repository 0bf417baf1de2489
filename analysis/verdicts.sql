-- What does a compliant sender experience that meets the domain for the first time?
--
-- Numerator: domains by verdict; each has exactly one.
-- Denominator: domains whose verdict is known, all and those that publish a record
-- (present, of_present).
-- Caveat: by_names is how many rest on the names of the mail hosts alone: certificates
-- count only where they were probed (verdict_basis). Senders that have an
-- older policy in their cache experience something else.
SELECT
    verdict,
    count(*) AS domains,
    coalesce(sum(count(*)) FILTER (verdict <> 'unknown') OVER (), 0) AS known,
    coalesce(sum(count(*)) FILTER (verdict = 'unknown') OVER (), 0) AS unknown,
    CASE WHEN verdict <> 'unknown' THEN count(*) / known END AS share,
    count(*) FILTER (verdict_basis = 'mx') AS by_names,
    count(*) FILTER (record IN ('valid', 'invalid', 'multiple')) AS present,
    coalesce(sum(present) FILTER (verdict <> 'unknown') OVER (), 0) AS present_known,
    coalesce(sum(present) FILTER (verdict = 'unknown') OVER (), 0) AS present_unknown,
    CASE WHEN verdict <> 'unknown' THEN share_of(present, present_known) END AS of_present
FROM rows
WHERE verdict IS NOT NULL
GROUP BY verdict
ORDER BY list_position(['no_sts', 'unknown', 'broken', 'valid_none', 'testing_ok', 'testing_would_fail', 'enforce_ok', 'enforce_partial', 'enforce_refused'], verdict);
