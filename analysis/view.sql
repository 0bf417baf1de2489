-- The tables that the queries read: paste this first, or start DuckDB with
--
--     cd RUN && duckdb -init ../analysis/view.sql
--
-- where RUN is the output directory of a scan. From elsewhere, and for several
-- runs, say before it where they are, the oldest first; or name an archive, a
-- directory with the parts of each run in date=YYYY-MM-DD beneath it:
--
--     SET VARIABLE runs = ['monday', 'tuesday'];
--     SET VARIABLE runs = ['archive'];
--
-- Questions about one run are about the last of them; for questions about several
-- paste history.sql too. DuckDB must be 1.4.0 or newer: with several threads,
-- 1.3.0 to 1.3.4 now and then give one group of a GROUP BY as two.
SET VARIABLE runs = CASE
    WHEN regexp_extract_all(version(), '\d+')[:2]::INTEGER[] < [1, 4]
        THEN error('DuckDB ' || version() || ' is too old: these queries need 1.4.0 or newer')
    ELSE coalesce(getvariable('runs'), ['.'])
END;

-- The runs of an archive, by the names of their directories, in its place.
SET VARIABLE runs = (
    SELECT list(coalesce(night, run) ORDER BY n, night)
    FROM (SELECT unnest(getvariable('runs')) AS run, generate_subscripts(getvariable('runs'), 1) AS n)
    LEFT JOIN (
        SELECT DISTINCT parse_dirpath(file) AS night
        FROM glob(list_transform(getvariable('runs'), lambda run: run || '/date=*/part-*.parquet'))
    ) ON starts_with(night, run || '/date=')
);

-- The parts of all runs; those with the same columns are read together. To unite them by name
-- would be simpler, but DuckDB then keeps the footers of all files in memory, outside its limit.
CREATE OR REPLACE TEMP TABLE parts AS
SELECT
    list_position(getvariable('runs'), parse_dirpath(file_name)) AS night,
    file_name AS file,
    md5(string_agg(concat_ws(' ', name, type, repetition_type, num_children, logical_type), ',' ORDER BY name, type, num_children)) AS columns
FROM parquet_schema(list_transform(getvariable('runs'), lambda run: run || '/part-*.parquet'))
GROUP BY file_name;

-- The text of a query that reads the parts from this night on.
CREATE OR REPLACE TEMP MACRO reading(first_night) AS (
    SELECT string_agg('FROM read_parquet([' || files || '], filename = true, hive_partitioning = false)', ' UNION ALL BY NAME ' ORDER BY files)
    FROM (
        SELECT string_agg('''' || replace(file, '''', '''''') || '''', ', ' ORDER BY file) AS files
        FROM parts
        WHERE night >= first_night
        GROUP BY columns
    )
);
SET VARIABLE reading_last = reading(len(getvariable('runs')));

-- A run of an earlier version lacks some of these columns, which are NULL then. From the
-- columns of the scanner, by
-- go generate ./internal/output:
CREATE OR REPLACE TEMP VIEW nullable_columns AS
SELECT
    NULL::BIGINT AS list_rank,
    NULL::VARCHAR AS registered_domain,
    NULL::INTEGER AS registered_labels,
    NULL::MAP(VARCHAR, VARCHAR) AS tags,
    NULL::VARCHAR AS record_reason,
    NULL::VARCHAR AS error,
    NULL::BLOB[] AS txt,
    NULL::INTEGER AS txt_count,
    NULL::VARCHAR AS record_id,
    NULL::VARCHAR[] AS extensions,
    NULL::VARCHAR[] AS cnames,
    NULL::VARCHAR AS zone,
    NULL::INTEGER AS zone_labels,
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

-- The end of a name that has so many labels; 0 is the root. Most are the whole name,
-- which takes a third of the time.
CREATE OR REPLACE TEMP MACRO last_labels(name, labels) AS
    CASE
        WHEN labels = len(string_split(name, '.')) THEN name
        WHEN labels > 0 THEN array_to_string(string_split(name, '.')[-labels:], '.')
        WHEN labels = 0 THEN '.'
    END;

-- Two names of a row. Files say how many labels of the domain and of _mta-sts.<domain>
-- they have; those of version 1 of the table have the names themselves, and so has any
-- file a zone that _mta-sts.<domain> does not end with.
CREATE OR REPLACE TEMP MACRO registered_domain_of(domain, registered_labels, registered_domain) AS
    coalesce(last_labels(domain, registered_labels), registered_domain);
CREATE OR REPLACE TEMP MACRO zone_of(domain, zone_labels, zone) AS
    coalesce(last_labels('_mta-sts.' || domain, zone_labels), zone);

-- One row for each domain of the last run, with names in place of numbers of labels.
CREATE OR REPLACE TEMP VIEW rows AS
SELECT * EXCLUDE (filename, registered_labels, zone_labels) REPLACE (
    registered_domain_of(domain, registered_labels, registered_domain) AS registered_domain,
    zone_of(domain, zone_labels, zone) AS zone
)
FROM (
    FROM query(getvariable('reading_last'))
    UNION ALL BY NAME
    FROM nullable_columns
);

-- The registered domain of a name, by a rule of thumb for lack of the public suffix list:
-- three labels below such as co.uk and com.au, else two.
CREATE OR REPLACE TEMP MACRO site(name) AS
    array_to_string(string_split(name, '.')[CASE WHEN regexp_matches(name, '(^|\.)(ac|co|com|edu|gob|gov|ne|net|or|org)\.[a-z][a-z]$') THEN -3 ELSE -2 END:], '.');

-- The MX hosts that a policy does not cover, of those that it could list: no addresses, and none below a reserved name.
CREATE OR REPLACE TEMP MACRO names_host(host) AS
    contains(host, '.') AND NOT contains(host, '_') AND NOT regexp_matches(host, '\.([0-9]+|localhost|localdomain|local|invalid|onion)$');
CREATE OR REPLACE TEMP MACRO uncovered(mx) AS
    list_transform(list_filter(mx, lambda m: NOT m.matched AND names_host(m.host)), lambda m: m.host);

-- The MX hosts that a policy covers and that do no TLS with a certificate for their name, as far as they were probed.
CREATE OR REPLACE TEMP MACRO without_tls(mx) AS
    list_filter(mx, lambda m: m.matched AND m.starttls IN ('certificate', 'handshake', 'not_offered', 'rejected'));

-- A share, NULL out of nothing.
CREATE OR REPLACE TEMP MACRO share_of(part, whole) AS CASE WHEN whole > 0 THEN part / whole END;

-- The domains that publish a record: nearly every question is about these few. To their columns it adds
--   judged_policy, the class of the policy as figures count it;
--   record_operator and host_operator, which the aliases of its two names lead to (NULL: none, or inside the domain);
--   stage and reason of what fails first;
--   mx_hosts, which receive its mail;
--   served_by and cluster, the domains that share its fate: by the operator of an alias, else by the other names of
--   the certificate (cluster), else by the set of addresses of the Policy Host; else the domain alone;
--   served_domains, how many domains have the same served_by;
--   manager, who runs it, by the heuristic of the literature (ACM IMC 2025): whoever serves 50 domains or more is a
--   third party, up to 5 is self, between is unclassified; unknown where the policy is, and neither alias nor address is
--   known. Many domains at the same addresses, all with the same hosts
--   for their mail, are one owner's portfolio: self.
-- That they have a TXT record is said for the reader's sake: with it, DuckDB skips the row groups of denials.
--   manager_by_size, the same by numbers alone, without that rule about portfolios.
CREATE OR REPLACE TEMP TABLE publishing AS
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
    WHERE record IN ('valid', 'invalid', 'multiple') AND txt_count > 0
);
CREATE OR REPLACE TEMP TABLE serving AS
SELECT
    served_by,
    count(*) AS served_domains,
    count(*) = count(mx_hosts) AND min(mx_hosts) = max(mx_hosts) AS same_mx
FROM publishing
GROUP BY served_by;
CREATE OR REPLACE TEMP VIEW published AS
SELECT
    * EXCLUDE (same_mx),
    host_operator IS NULL AND same_mx AS portfolio,
    CASE
        WHEN judged_policy = 'unknown' AND served_by = 'domain ' || domain THEN 'unknown'
        WHEN served_domains <= 5 OR portfolio THEN 'self'
        WHEN served_domains >= 50 THEN 'third_party'
        ELSE 'unclassified'
    END AS manager,
    CASE WHEN manager <> 'self' OR served_domains <= 5 THEN manager WHEN served_domains >= 50 THEN 'third_party' ELSE 'unclassified' END AS manager_by_size
FROM publishing JOIN serving USING (served_by);
