-- The tables that the queries read: paste this first, or start DuckDB with
--
--     cd RUN && duckdb -init ../analysis/view.sql
--
-- where RUN is the output directory of a scan. From elsewhere, and for several
-- runs, say before it where they are, the oldest first:
--
--     SET VARIABLE runs = ['monday', 'tuesday'];
--
-- Questions about one run are about the last of them; for questions about several
-- paste history.sql too.
SET VARIABLE runs = coalesce(getvariable('runs'), ['.']);

-- Columns are only ever added. A run of an earlier version lacks some of these,
-- which are NULL then; DuckDB drops those that its first file does not have,
-- unless it is told to unite files by name. From the columns of the scanner, by
-- go generate ./internal/output:
CREATE OR REPLACE TEMP VIEW nullable_columns AS
SELECT
    NULL::BIGINT AS list_rank,
    NULL::VARCHAR AS registered_domain,
    NULL::MAP(VARCHAR, VARCHAR) AS tags,
    NULL::VARCHAR AS record_reason,
    NULL::VARCHAR AS error,
    NULL::BLOB[] AS txt,
    NULL::INTEGER AS txt_count,
    NULL::VARCHAR AS record_id,
    NULL::VARCHAR[] AS extensions,
    NULL::VARCHAR[] AS cnames,
    NULL::VARCHAR AS zone,
    NULL::INTEGER AS ttl,
    NULL::VARCHAR AS rcode,
    NULL::BOOLEAN AS authenticated,
    NULL::INTEGER[] AS ede,
    NULL::VARCHAR AS resolver,
    NULL::VARCHAR[] AS host_cnames,
    NULL::VARCHAR[] AS host_addrs,
    NULL::INTEGER AS host_addrs_count,
    NULL::VARCHAR[] AS tried_addrs,
    NULL::VARCHAR[] AS tried_outcomes,
    NULL::INTEGER[] AS tried_ms,
    NULL::VARCHAR AS ipv4,
    NULL::VARCHAR AS ipv6,
    NULL::VARCHAR AS addr,
    NULL::VARCHAR AS tls_version,
    NULL::VARCHAR AS tls_cipher,
    NULL::VARCHAR AS tls_group,
    NULL::INTEGER AS tls_alert,
    NULL::VARCHAR AS tls_error,
    NULL::VARCHAR AS cert_issuer,
    NULL::VARCHAR[] AS cert_names,
    NULL::INTEGER AS cert_names_count,
    NULL::TIMESTAMPTZ AS cert_not_before,
    NULL::TIMESTAMPTZ AS cert_not_after,
    NULL::VARCHAR AS cert_sha256,
    NULL::INTEGER AS chain_length,
    NULL::INTEGER AS http_status,
    NULL::VARCHAR AS http_location,
    NULL::VARCHAR AS content_type,
    NULL::VARCHAR AS content_encoding,
    NULL::VARCHAR AS server,
    NULL::BIGINT AS body_bytes,
    NULL::VARCHAR AS body_framing,
    NULL::INTEGER AS dns_ms,
    NULL::INTEGER AS connect_ms,
    NULL::INTEGER AS tls_ms,
    NULL::INTEGER AS http_ms,
    NULL::INTEGER AS body_ms,
    NULL::VARCHAR AS policy_stage,
    NULL::VARCHAR AS policy_reason,
    NULL::BLOB AS policy_text,
    NULL::VARCHAR AS policy_sha256,
    NULL::VARCHAR AS mode,
    NULL::BIGINT AS max_age,
    NULL::VARCHAR[] AS mx_patterns,
    NULL::VARCHAR[] AS policy_extensions,
    NULL::VARCHAR AS mx_kind,
    NULL::VARCHAR AS mx_reason,
    NULL::STRUCT(host VARCHAR, preference INTEGER, matched BOOLEAN, tlsa VARCHAR, addr VARCHAR, starttls VARCHAR, first_starttls VARCHAR, reply_code INTEGER, tls_version VARCHAR, tls_error VARCHAR, cert_sha256 VARCHAR, cert_not_after TIMESTAMPTZ)[] AS mx,
    NULL::INTEGER AS mx_count,
    NULL::BOOLEAN AS mx_authenticated,
    NULL::VARCHAR AS mx_match,
    NULL::VARCHAR[] AS mx_unused,
    NULL::VARCHAR AS mismatch,
    NULL::VARCHAR AS mx_tls,
    NULL::VARCHAR AS tlsrpt,
    NULL::VARCHAR AS tlsrpt_reason,
    NULL::BLOB[] AS tlsrpt_txt,
    NULL::INTEGER AS tlsrpt_txt_count,
    NULL::VARCHAR[] AS tlsrpt_cnames,
    NULL::VARCHAR[] AS rua,
    NULL::VARCHAR[] AS rua_kinds,
    NULL::VARCHAR[] AS rua_domains,
    NULL::VARCHAR AS dane,
    NULL::VARCHAR[] AS tlsa_records,
    NULL::BOOLEAN AS wildcard_suspected,
    NULL::VARCHAR AS delegation,
    NULL::VARCHAR AS record_delegated_to,
    NULL::VARCHAR AS host_delegated_to,
    NULL::VARCHAR AS provider,
    NULL::VARCHAR AS verdict,
    NULL::VARCHAR AS verdict_basis,
    NULL::BOOLEAN AS strict,
    NULL::BOOLEAN AS lenient,
    NULL::VARCHAR[] AS findings,
    NULL::VARCHAR AS tlsrpt_result,
    NULL::VARCHAR AS vantage,
    NULL::VARCHAR AS pending,
    NULL::VARCHAR AS first_record,
    NULL::VARCHAR AS first_record_reason,
    NULL::VARCHAR AS first_policy,
    NULL::VARCHAR AS first_policy_stage,
    NULL::VARCHAR AS first_policy_reason
LIMIT 0;

-- The class of a policy as figures count it: unknown too where a limit of the client may have
-- kept it away.
CREATE OR REPLACE TEMP MACRO judged(policy, findings) AS
    CASE WHEN list_has_any(findings, ['client_limit_possible', 'http2_only']) THEN 'unknown' ELSE policy END;

-- The same, unknown too where the record is, where the policy was not asked for yet, and where its host opted out.
CREATE OR REPLACE TEMP MACRO judged_policy_of(record, policy, policy_reason, findings) AS
    CASE WHEN record = 'unknown' OR record = 'valid' AND (policy = 'not_fetched' OR policy_reason = 'opted_out') THEN 'unknown' ELSE judged(policy, findings) END;

-- Whether a domain has no record by a denial that came without an SOA.
CREATE OR REPLACE TEMP MACRO denied_without_soa(record, findings) AS
    record = 'absent' AND list_contains(findings, 'negative_without_soa');

-- One row for each domain of the last run.
CREATE OR REPLACE TEMP VIEW rows AS
FROM read_parquet(getvariable('runs')[-1] || '/part-*.parquet', union_by_name = true)
UNION ALL BY NAME
FROM nullable_columns;

-- The registered domain of a name, by a rule of thumb for lack of the public suffix list:
-- three labels below such as co.uk and com.au, else two.
CREATE OR REPLACE TEMP MACRO site(name) AS
    array_to_string(string_split(name, '.')[CASE WHEN regexp_matches(name, '(^|\.)(ac|co|com|edu|gob|gov|ne|net|or|org)\.[a-z][a-z]$') THEN -3 ELSE -2 END:], '.');

-- The MX hosts that a policy does not cover, of those that it could list.
CREATE OR REPLACE TEMP MACRO uncovered(mx) AS
    list_transform(list_filter(mx, lambda m: NOT m.matched AND contains(m.host, '.') AND NOT contains(m.host, '_')), lambda m: m.host);

-- The MX hosts that a policy covers and that do no TLS with a certificate for their name, as far as they were probed.
CREATE OR REPLACE TEMP MACRO without_tls(mx) AS
    list_filter(mx, lambda m: m.matched AND m.starttls IN ('certificate', 'handshake', 'not_offered', 'rejected'));

-- A share, NULL out of nothing.
CREATE OR REPLACE TEMP MACRO share_of(part, whole) AS CASE WHEN whole > 0 THEN part / whole END;

-- The domains that publish a record; a table, because nearly every question is about
-- these few. To their columns it adds
--   judged_policy, the class of the policy as figures count it;
--   record_operator and host_operator, which the aliases of its two names lead to (NULL: none, or inside the domain);
--   stage and reason of what fails first;
--   mx_hosts, which receive its mail;
--   served_by and cluster, the domains that share its fate: by the operator of an alias, else by the other names of
--   the certificate (cluster), else by the set of addresses of the Policy Host; else the domain alone;
--   manager, who runs it, by the heuristic of the literature (ACM IMC 2025): whoever serves 50 domains or more is a
--   third party, up to 5 is self, between is unclassified; unknown where the policy is, and neither alias nor address is
--   known. Many domains at the same addresses, all with the same hosts
--   for their mail, are one owner's portfolio: self.
CREATE OR REPLACE TEMP TABLE published AS
SELECT
    *,
    CASE
        WHEN judged_policy = 'unknown' AND served_by = 'domain ' || domain THEN 'unknown'
        WHEN served_domains <= 5 OR portfolio THEN 'self'
        WHEN served_domains >= 50 THEN 'third_party'
        ELSE 'unclassified'
    END AS manager
FROM (
    SELECT
        *,
        count(*) OVER (PARTITION BY served_by) AS served_domains,
        host_operator IS NULL AND count(*) OVER (PARTITION BY served_by) = count(mx_hosts) OVER (PARTITION BY served_by)
            AND min(mx_hosts) OVER (PARTITION BY served_by) = max(mx_hosts) OVER (PARTITION BY served_by) AS portfolio
    FROM (
        SELECT
            *,
            coalesce(host_operator, CASE WHEN policy <> 'forbidden' THEN 'addresses ' || array_to_string(list_sort(host_addrs), ' ') END, CASE WHEN judged_policy <> 'unknown' THEN record_operator END, 'domain ' || domain) AS served_by,
            coalesce(host_operator, CASE WHEN tls_error = 'name_mismatch' THEN 'certificate for ' || site(cert_names[1]) END, served_by) AS cluster
        FROM (
            SELECT
                * EXCLUDE (policy_text),
                judged_policy_of(record, policy, policy_reason, findings) AS judged_policy,
                coalesce(record_delegated_to, CASE WHEN NOT ends_with('.' || cnames[-1], '.' || coalesce(registered_domain, domain)) THEN site(cnames[-1]) END) AS record_operator,
                coalesce(host_delegated_to, CASE WHEN NOT ends_with('.' || host_cnames[-1], '.' || coalesce(registered_domain, domain)) THEN site(host_cnames[-1]) END) AS host_operator,
                CASE WHEN record = 'valid' THEN policy_stage ELSE 'record' END AS stage,
                CASE record WHEN 'valid' THEN policy_reason WHEN 'multiple' THEN 'multiple' ELSE record_reason END AS reason,
                CASE WHEN len(mx) > 0 THEN array_to_string(list_sort(list_transform(mx, lambda m: m.host)), ' ') END AS mx_hosts
            FROM rows
            WHERE record IN ('valid', 'invalid', 'multiple')
        )
    )
);
