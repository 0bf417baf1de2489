-- What should be mended first?
--
-- Numerator: domains that publish a record and have something to mend, with what it is;
-- urgency 1: senders that have the policy in their cache refuse or soon will; 2: the
-- domain believes that it is protected and is not; 3: protection is weaker than it
-- looks.
-- Denominator: domains that publish a record.
-- Caveat: what is in the caches of senders is not seen: a policy that could be retrieved
-- yesterday still binds them for its max_age. Urgency 1 is by the names of the hosts that
-- receive the mail, and by their certificates where they were probed.
SELECT
    urgency,
    domain,
    problem,
    tags,
    stage,
    reason,
    mode,
    count(*) OVER () AS total_rows
FROM (
    SELECT
        *,
        CASE
            WHEN record = 'multiple' THEN 'several records: senders act as if there were none'
            WHEN record = 'invalid' THEN 'the record does not parse: senders act as if there were none'
            WHEN judged_policy = 'missing' THEN 'no policy: senders deliver without MTA-STS'
            WHEN judged_policy IN ('unreachable', 'forbidden') THEN 'the policy cannot be retrieved: senders deliver without MTA-STS'
            WHEN judged_policy = 'invalid' THEN 'the policy does not parse: senders deliver without MTA-STS'
            WHEN verdict = 'enforce_refused' AND mx_match <> 'none' THEN 'mail is refused: no host that the policy allows does TLS with a certificate for its name'
            WHEN verdict = 'enforce_refused' THEN 'mail is refused: no host that receives it is one that the policy allows'
            WHEN verdict = 'enforce_partial' AND mx_match = 'all' THEN 'mail to some hosts is refused: they do no TLS with a certificate for their name'
            WHEN verdict = 'enforce_partial' THEN 'mail to some hosts is refused: the policy does not allow them'
            WHEN policy = 'valid' AND NOT lenient THEN 'the policy is not served as text/plain: most senders deliver without MTA-STS'
            WHEN verdict = 'testing_would_fail' THEN 'mail would be refused, were the policy enforced'
            WHEN policy = 'valid' AND mode = 'enforce' AND cert_not_after < observed_at + INTERVAL 10 DAY THEN 'the certificate of the Policy Host runs out within 10 days'
            WHEN policy = 'valid' AND mode = 'enforce' AND max_age < 604800 THEN 'max_age is below a week: protection ends soon after a blocked retrieval'
            WHEN policy = 'valid' AND mode = 'testing' THEN 'mode testing: nothing is enforced'
        END AS problem,
        CASE
            WHEN verdict IN ('enforce_refused', 'enforce_partial') THEN 1
            WHEN judged_policy IN ('missing', 'unreachable', 'forbidden', 'invalid') OR record IN ('multiple', 'invalid') THEN 2
            WHEN policy = 'valid' AND NOT lenient THEN 2
            ELSE 3
        END AS urgency
    FROM published
)
WHERE problem IS NOT NULL
ORDER BY urgency, list_position(['record', 'dns', 'tcp', 'tls', 'http', 'body', 'syntax'], stage), reason, domain
LIMIT 10000;
