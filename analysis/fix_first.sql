-- What should be mended first?
--
-- Numerator: domains that publish a record and have something to mend, with what it is;
-- urgency 1: senders that have the policy in their cache refuse or soon will; 2: the
-- domain believes that it is protected and is not; 3: protection is weaker than it
-- looks. Where stage and reason do not say why, cause does, and hosts are the MX hosts
-- that it is about.
-- Denominator: domains that publish a record.
-- Caveat: what is in the caches of senders is not seen: a policy that could be retrieved
-- yesterday still binds them for its max_age. Urgency 1 is by the names of the hosts that
-- receive the mail, and by their certificates where they were probed.
SELECT
    urgency,
    domain,
    mend.problem AS problem,
    tags,
    stage,
    reason,
    mode,
    mend.cause AS cause,
    CASE
        WHEN starts_with(mend.cause, 'mx_') THEN coalesce(array_to_string(uncovered(mx), ' '), '')
        WHEN mx_match = 'all' AND starts_with(mend.problem, 'mail') THEN without_tls(mx)[1].host
    END AS hosts,
    count(*) OVER () AS total_rows
FROM (
    SELECT
        *,
        CASE WHEN mx_match = 'none' THEN 'mx_not_covered' WHEN mx_match = 'some' THEN 'mx_partly_covered' ELSE coalesce(without_tls(mx)[1].tls_error, without_tls(mx)[1].starttls) END AS mail_cause,
        CASE
            WHEN record = 'multiple' THEN {problem: 'several records: senders act as if there were none', cause: NULL::VARCHAR}
            WHEN record = 'invalid' THEN {problem: 'the record does not parse: senders act as if there were none', cause: NULL}
            WHEN judged_policy = 'missing' THEN {problem: 'no policy: senders deliver without MTA-STS', cause: NULL}
            WHEN judged_policy IN ('unreachable', 'forbidden') THEN {problem: 'the policy cannot be retrieved: senders deliver without MTA-STS', cause: NULL}
            WHEN judged_policy = 'invalid' THEN {problem: 'the policy does not parse: senders deliver without MTA-STS', cause: NULL}
            WHEN verdict = 'enforce_refused' AND mx_match <> 'none' THEN {problem: 'mail is refused: no host that the policy allows does TLS with a certificate for its name', cause: mail_cause}
            WHEN verdict = 'enforce_refused' THEN {problem: 'mail is refused: no host that receives it is one that the policy allows', cause: mail_cause}
            WHEN verdict = 'enforce_partial' AND mx_match = 'all' THEN {problem: 'mail to some hosts is refused: they do no TLS with a certificate for their name', cause: mail_cause}
            WHEN verdict = 'enforce_partial' THEN {problem: 'mail to some hosts is refused: the policy does not allow them', cause: mail_cause}
            WHEN policy = 'valid' AND NOT lenient THEN {problem: 'the policy is not served as text/plain: most senders deliver without MTA-STS', cause: CASE WHEN list_contains(findings, 'media_type_missing') THEN 'media_type_missing' ELSE 'media_type_other' END}
            WHEN verdict = 'testing_would_fail' THEN {problem: 'mail would be refused, were the policy enforced', cause: mail_cause}
            WHEN policy = 'valid' AND mode = 'enforce' AND cert_not_after < observed_at + INTERVAL 10 DAY THEN {problem: 'the certificate of the Policy Host runs out within 10 days', cause: 'certificate_ends'}
            WHEN policy = 'valid' AND mode = 'enforce' AND max_age < 604800 THEN {problem: 'max_age is below a week: protection ends soon after a blocked retrieval', cause: 'max_age_short'}
            WHEN policy = 'valid' AND mode = 'testing' THEN {problem: 'mode testing: nothing is enforced', cause: 'mode_testing'}
        END AS mend,
        CASE
            WHEN verdict IN ('enforce_refused', 'enforce_partial') THEN 1
            WHEN judged_policy IN ('missing', 'unreachable', 'forbidden', 'invalid') OR record IN ('multiple', 'invalid') THEN 2
            WHEN policy = 'valid' AND NOT lenient THEN 2
            ELSE 3
        END AS urgency
    FROM published
)
WHERE mend IS NOT NULL
ORDER BY urgency, list_position(['record', 'dns', 'tcp', 'tls', 'http', 'body', 'syntax'], stage), reason, domain
LIMIT 10000;
