-- How many domains share a policy address, a certificate, a policy or an operator?
--
-- Numerator: of the things that are shared, how many serve so many domains, and the
-- domains that they serve.
-- Denominator: domains with a record whose thing is known (share).
-- Caveat: behind one address of a content delivery network are many customers, and
-- one operator has many addresses.
WITH things AS (
    SELECT unnest([
        {kind: 'address', thing: addr, is_unknown: judged_policy = 'unknown'},
        {kind: 'certificate', thing: cert_sha256, is_unknown: judged_policy = 'unknown'},
        {kind: 'policy', thing: CASE WHEN judged_policy = 'valid' THEN policy_sha256 END, is_unknown: judged_policy = 'unknown'},
        {kind: 'cluster', thing: CASE WHEN manager <> 'unknown' THEN cluster END, is_unknown: true}
    ], recursive := true)
    FROM published
), sizes AS (
    SELECT kind, thing, count(*) AS domains FROM things WHERE thing IS NOT NULL GROUP BY ALL
), totals AS (
    SELECT kind, count(*) FILTER (thing IS NULL AND is_unknown) AS unknown FROM things GROUP BY kind
)
SELECT
    kind,
    CASE WHEN domains = 1 THEN '1' WHEN domains <= 5 THEN '2 to 5' WHEN domains < 50 THEN '6 to 49' WHEN domains < 500 THEN '50 to 499' ELSE '500 and more' END AS serves,
    count(*) AS things,
    sum(domains)::BIGINT AS domains,
    sum(sum(domains)) OVER (PARTITION BY kind)::BIGINT AS known,
    unknown,
    sum(domains)::BIGINT / known AS share,
    max(domains) AS largest
FROM sizes JOIN totals USING (kind)
GROUP BY kind, serves, unknown
ORDER BY kind, min(sizes.domains);
