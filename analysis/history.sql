-- The tables that the queries about several runs read: paste this after view.sql,
-- which says where the runs are.

-- One row for each run. Those of shards have a manifest each, and all must be
-- there and finished, or merged into run.json, which then stands for them as long
-- as their hashes are those that it names. A suspect run is finished too: what it
-- left unknown is no change here.
CREATE OR REPLACE TEMP TABLE nights AS
SELECT
    list_position(getvariable('runs'), run) AS night,
    run,
    (min(started_at) AT TIME ZONE 'UTC')::DATE AS date,
    bool_and(status IN ('complete', 'suspect')) AND count(*) >= max(coalesce(shards, 1)) AS complete,
    min(started_at) AS started_at,
    max(ended_at) AS ended_at,
    min(passes) AS passes,
    min(roots) AS roots
FROM (
    SELECT
        *,
        merged IS NOT NULL AS is_merged,
        bool_and(merged IS NOT NULL OR coalesce(contains(merged_of_run, hash), false)) OVER (PARTITION BY run) AS stands
    FROM (
        SELECT *, max(merged) OVER (PARTITION BY run) AS merged_of_run
        FROM ( -- as text, because read_json takes memory for the largest file that it allows, on every thread
            SELECT
                parse_dirpath(filename) AS run,
                sha256(content) AS hash,
                (content->'$.merged.manifests')::VARCHAR AS merged,
                content->>'$.status' AS status,
                (content->>'$.shard.of')::BIGINT AS shards,
                (content->>'$.started_at')::TIMESTAMPTZ AS started_at,
                (content->>'$.ended_at')::TIMESTAMPTZ AS ended_at,
                TRY_CAST(content->>'$.config.passes' AS BIGINT) AS passes,
                content->>'$.roots.source' AS roots
            FROM read_text(list_transform(getvariable('runs'), lambda run: run || '/run*.json'))
        )
    )
)
WHERE is_merged = stands
GROUP BY run;

-- One row for each domain of each run; night counts the runs from 1, and date is the day, in UTC, on which it began.
SET VARIABLE reading_all = reading(1);
SET VARIABLE dates = (SELECT list(date ORDER BY night) FROM nights);
CREATE OR REPLACE TEMP VIEW history AS
SELECT
    list_position(getvariable('runs'), parse_dirpath(filename)) AS night,
    getvariable('dates')[night] AS date,
    * EXCLUDE (filename, registered_labels, zone_labels) REPLACE (
        registered_domain_of(domain, registered_labels, registered_domain) AS registered_domain,
        zone_of(domain, zone_labels, zone) AS zone
    )
FROM (
    FROM query(getvariable('reading_all'))
    UNION ALL BY NAME
    FROM nullable_columns
);

-- What the runs asked in different ways: passes, beside the most of them up to that night, and whether the runs
-- trust different roots.
SET VARIABLE asked = (
    SELECT list({passes: passes, most_passes: most_passes, other_roots: other_roots} ORDER BY night)
    FROM (
        SELECT night, passes, max(passes) OVER (ORDER BY night) AS most_passes, coalesce(min(roots) OVER () <> max(roots) OVER (), false) AS other_roots
        FROM nights
    )
);

-- Whether a failure of a policy may pass by itself: the scanner asks again in the next pass, if there is one.
CREATE OR REPLACE TEMP MACRO may_pass(stage, reason, http_status) AS CASE stage
    WHEN 'dns' THEN reason IN ('servfail', 'refused', 'timeout', 'other')
    WHEN 'tcp' THEN reason NOT IN ('no_ipv4', 'no_ipv6')
    WHEN 'tls' THEN reason IN ('handshake_timeout', 'reset')
    WHEN 'http' THEN reason IN ('timeout', 'reset', 'server_error') OR coalesce(http_status IN (408, 429), false)
    WHEN 'body' THEN reason IN ('timeout', 'reset', 'truncated')
    ELSE false
END;

-- Whether the verdict is that some mail is refused, and whether the certificates of hosts alone are why.
CREATE OR REPLACE TEMP MACRO refuses(verdict) AS verdict IN ('enforce_refused', 'enforce_partial');
CREATE OR REPLACE TEMP MACRO by_certificates(verdict_basis, mx_match) AS coalesce(verdict_basis = 'certificates' AND mx_match = 'all', false);

-- What a policy says in its fields where another says something else. Of lists: how many, and what the other lacks.
CREATE OR REPLACE TEMP MACRO first_of(words) AS
    array_to_string(list_sort(words)[:5], ' ') || CASE WHEN len(words) > 5 THEN ' and ' || len(words) - 5 || ' more' ELSE '' END;
CREATE OR REPLACE TEMP MACRO list_field(name, words, others, verb) AS
    CASE WHEN list_sort(list_distinct(coalesce(words, []))) <> list_sort(list_distinct(coalesce(others, [])))
        THEN name || ': ' || len(list_distinct(coalesce(words, [])))
            || coalesce(', ' || verb || ' ' || nullif(first_of(list_filter(list_distinct(words), lambda word: NOT list_contains(coalesce(others, []), word))), ''), '')
    END;
CREATE OR REPLACE TEMP MACRO fields_unlike(policy, other, verb) AS nullif(concat_ws('; ',
    CASE WHEN policy.mode <> other.mode THEN 'mode: ' || policy.mode END,
    CASE WHEN policy.max_age <> other.max_age THEN 'max_age: ' || policy.max_age END,
    list_field('mx', policy.mx_patterns, other.mx_patterns, verb),
    list_field('extensions', policy.extensions, other.extensions, verb)
), '');

-- The domains that published a record in any of the runs, each night beside what
-- was last known of it before: was of the record, had of a policy that was asked for
-- and whose answer is not unknown, matched of the hosts that receive its mail, probed
-- of their certificates. The last run may be unfinished, and then says nothing about
-- the domains that it has not come to. No other may: each domain that it lacks would
-- look as if it had joined.
--
-- Only what several runs asked is compared. judged_policy is unknown here also where
-- the host opted out; where a failure may pass, and the domain waits for another pass
-- or the run had fewer of them than one before; and where nothing but trust is
-- missing, and runs trust other roots.
CREATE OR REPLACE TEMP TABLE compared AS
SELECT
    *,
    row_number() OVER nights_of > 1 AS listed_before,
    lag(CASE WHEN record <> 'unknown' THEN {night: night, present: record <> 'absent', record: record, reason: record_reason, operator: record_operator} END IGNORE NULLS) OVER nights_of AS was,
    lag(CASE WHEN record = 'valid' AND judged_policy <> 'unknown' THEN {
        night: night, valid: policy = 'valid', policy: policy, stage: policy_stage, reason: policy_reason, mode: mode, max_age: max_age,
        mx_patterns: mx_patterns, extensions: extensions, id: record_id, sha256: policy_sha256, operator: host_operator,
        passes: CASE WHEN passing THEN asked.passes END
    } END IGNORE NULLS) OVER nights_of AS had,
    lag(CASE WHEN policy = 'valid' AND mx_match IN ('all', 'some', 'none') THEN {night: night, match: mx_match, verdict: verdict} END IGNORE NULLS) OVER nights_of AS matched,
    lag(CASE WHEN policy = 'valid' AND verdict_basis = 'certificates' AND NOT asked.other_roots THEN {night: night, verdict: verdict} END IGNORE NULLS) OVER nights_of AS probed
FROM (
    SELECT
        night, date, domain, tags, record, record_reason, record_id, policy, policy_stage, policy_reason, policy_sha256, mode, max_age,
        mx_patterns, policy_extensions AS extensions, mx_match, mismatch, verdict, verdict_basis, pending, getvariable('asked')[night] AS asked,
        coalesce(may_pass(policy_stage, policy_reason, http_status), false) AS passing,
        CASE
            WHEN record = 'valid' AND policy = 'not_fetched' OR policy_reason = 'opted_out' THEN 'unknown'
            WHEN passing AND (pending IS NOT NULL OR asked['passes'] < asked['most_passes']) THEN 'unknown'
            WHEN asked['other_roots'] AND policy_reason IN ('self_signed', 'unknown_authority', 'incomplete_chain') THEN 'unknown'
            ELSE judged(policy, findings)
        END AS judged_policy,
        record IN ('valid', 'invalid', 'multiple') AS present,
        coalesce(host_delegated_to, CASE WHEN NOT ends_with('.' || host_cnames[-1], '.' || coalesce(registered_domain, domain)) THEN site(host_cnames[-1]) END) AS host_operator,
        coalesce(record_delegated_to, CASE WHEN NOT ends_with('.' || cnames[-1], '.' || coalesce(registered_domain, domain)) THEN site(cnames[-1]) END) AS record_operator,
        coalesce(host_operator, record_operator) AS operator,
        CASE WHEN policy <> 'forbidden' THEN 'addresses ' || array_to_string(list_sort(host_addrs), ' ') END AS addresses
    FROM history SEMI JOIN (SELECT DISTINCT domain FROM history WHERE record IN ('valid', 'invalid', 'multiple') AND txt_count > 0) AS publishers USING (domain)
    WHERE (
        SELECT CASE WHEN bool_or(NOT complete) THEN error('a run that is not complete is no baseline: ' || string_agg(run, ', ') FILTER (NOT complete)) ELSE true END
        FROM nights WHERE night < len(getvariable('runs'))
    )
)
WINDOW nights_of AS (PARTITION BY domain ORDER BY night);

-- The kinds of change: those that can be regressions first, the worst at the top. A regression takes protection away,
-- or senders cannot see it. loss says when: always, never, where a valid policy was enforced before (enforced), or was
-- in mode enforce or testing (asked). about says what must be known to tell. From the table of the scanner, by
-- go generate ./internal/changes:
CREATE OR REPLACE TEMP TABLE kinds AS
FROM (VALUES
    (1, 'MX hosts refused', 'hosts', 'always'),
    (2, 'policy broken', 'policy', 'asked'),
    (3, 'record broken', 'record', 'asked'),
    (4, 'MX left the policy', 'hosts', 'asked'),
    (5, 'abandoned abruptly', 'record', 'enforced'),
    (6, 'mode lowered', 'policy', 'always'),
    (7, 'policy changed, id did not', 'policy', 'always'),
    (8, 'fails otherwise', 'policy', 'never'),
    (9, 'abandoned after mode none', 'record', 'never'),
    (10, 'policy and id changed', 'policy', 'never'),
    (11, 'id changed, policy did not', 'policy', 'never'),
    (12, 'max_age lowered', 'policy', 'never'),
    (13, 'operator changed', 'policy', 'never'),
    (14, 'adopted', 'record', 'never'),
    (15, 'record mended', 'record', 'never'),
    (16, 'policy mended', 'policy', 'never'),
    (17, 'MX covered again', 'hosts', 'never'),
    (18, 'mode raised', 'policy', 'never'),
    (19, 'max_age raised', 'policy', 'never')
) AS kinds(place, kind, about, loss);

-- One row for each change of a domain from what was known of it to the next night. The scanner has the same conditions
-- for two runs, in internal/changes/kinds.go.
CREATE OR REPLACE TEMP TABLE changed AS
SELECT
    night, date, domain, tags, change.*,
    CASE loss
        WHEN 'always' THEN true
        WHEN 'never' THEN false
        WHEN 'enforced' THEN coalesce(had.valid AND had.mode = 'enforce', false)
        WHEN 'asked' THEN coalesce(had.valid AND had.mode <> 'none', false)
        ELSE error('there is no kind of change ' || change.kind)
    END AS regression,
    coalesce(operator, had.operator, was.operator, addresses) AS cluster
FROM (
    SELECT *, unnest([
        CASE WHEN present AND NOT was.present THEN {kind: 'adopted', before: was.reason, after: record} END,
        CASE WHEN record = 'absent' AND was.present AND had.valid AND had.mode = 'none'
            THEN {kind: 'abandoned after mode none', before: was.record, after: record_reason} END,
        CASE WHEN record = 'absent' AND was.present AND NOT coalesce(had.valid AND had.mode = 'none', false)
            THEN {kind: 'abandoned abruptly', before: was.record, after: record_reason} END,
        CASE WHEN record IN ('invalid', 'multiple') AND was.record = 'valid'
            THEN {kind: 'record broken', before: was.record, after: coalesce(record_reason, record)} END,
        CASE WHEN record = 'valid' AND was.record IN ('invalid', 'multiple')
            THEN {kind: 'record mended', before: coalesce(was.reason, was.record), after: record} END,
        CASE WHEN was.present AND record = 'valid' AND judged_policy NOT IN ('valid', 'unknown') AND had.valid
            THEN {kind: 'policy broken', before: had.mode, after: policy_stage || ': ' || policy_reason} END,
        CASE WHEN was.present AND record = 'valid' AND policy = 'valid' AND NOT had.valid AND as_often
            THEN {kind: 'policy mended', before: had.stage || ': ' || had.reason, after: mode} END,
        CASE WHEN was.present AND record = 'valid' AND judged_policy NOT IN ('valid', 'unknown') AND NOT had.valid AND as_often AND (policy_stage, policy_reason) <> (had.stage, had.reason)
            THEN {kind: 'fails otherwise', before: had.stage || ': ' || had.reason, after: policy_stage || ': ' || policy_reason} END,
        CASE WHEN both_valid AND (had.mode = 'none' AND mode <> 'none' OR had.mode = 'testing' AND mode = 'enforce')
            THEN {kind: 'mode raised', before: had.mode, after: mode} END,
        CASE WHEN both_valid AND (had.mode = 'enforce' AND mode <> 'enforce' OR had.mode = 'testing' AND mode = 'none')
            THEN {kind: 'mode lowered', before: had.mode, after: mode} END,
        CASE WHEN both_valid AND max_age > had.max_age THEN {kind: 'max_age raised', before: had.max_age::VARCHAR, after: max_age::VARCHAR} END,
        CASE WHEN both_valid AND max_age < had.max_age THEN {kind: 'max_age lowered', before: had.max_age::VARCHAR, after: max_age::VARCHAR} END,
        CASE WHEN both_valid AND policy_sha256 <> had.sha256 AND record_id <> had.id
            THEN {kind: 'policy and id changed', before: 'id: ' || had.id || '; ' || text_before, after: 'id: ' || record_id || '; ' || text_after} END,
        CASE WHEN both_valid AND policy_sha256 <> had.sha256 AND record_id = had.id
            THEN {kind: 'policy changed, id did not', before: text_before, after: text_after} END,
        CASE WHEN both_valid AND policy_sha256 = had.sha256 AND record_id <> had.id
            THEN {kind: 'id changed, policy did not', before: had.id, after: record_id} END,
        CASE WHEN mx_known AND policy_sha256 = had.sha256 AND matched.match <> 'none' AND mx_match = 'none' OR mx_known AND policy_sha256 = had.sha256 AND matched.match = 'all' AND mx_match = 'some'
            THEN {kind: 'MX left the policy', before: matched.match, after: mx_match} END,
        CASE WHEN mx_known AND matched.match <> 'all' AND mx_match = 'all' THEN {kind: 'MX covered again', before: matched.match, after: mx_match} END,
        CASE WHEN refuses(verdict) AND was.present AND coalesce(NOT refuses(matched.verdict), false)
            AND (NOT by_certificates(verdict_basis, mx_match) OR NOT asked.other_roots AND coalesce(NOT refuses(probed.verdict), false))
            THEN {kind: 'MX hosts refused', before: matched.verdict, after: verdict} END,
        CASE
            WHEN was.present AND record = 'valid' AND judged_policy <> 'unknown' AND had IS NOT NULL AND host_operator IS DISTINCT FROM had.operator
            THEN {kind: 'operator changed', before: had.operator, after: host_operator}
            WHEN was.present AND present AND record_operator IS DISTINCT FROM was.operator
            THEN {kind: 'operator changed', before: was.operator, after: record_operator}
        END
    ]) AS change
    FROM (
        SELECT
            *,
            was.present AND record = 'valid' AND policy = 'valid' AND had.valid AS both_valid,
            both_valid AND mx_match IN ('all', 'some', 'none') AND matched IS NOT NULL AS mx_known,
            coalesce(had.passes >= asked.passes, true) AS as_often, -- a failure that may pass was asked for as often then
            coalesce(fields_unlike(had, has, 'removed'), 'text: SHA-256 ' || had.sha256[:12]) AS text_before,
            coalesce(fields_unlike(has, had, 'added'), 'text only (white space, order): SHA-256 ' || policy_sha256[:12]) AS text_after
        FROM (SELECT *, {mode: mode, max_age: max_age, mx_patterns: mx_patterns, extensions: extensions} AS has FROM compared)
    )
) LEFT JOIN kinds ON kinds.kind = change.kind
WHERE change IS NOT NULL;

-- How many domains of each night and top-level domain came to the same outcome: series count these
-- few lines rather than all rows again.
CREATE OR REPLACE TEMP TABLE outcomes AS
SELECT
    night, date, tld, record,
    CASE WHEN record = 'valid' THEN judged_policy_of(record, policy, policy_reason, findings) END AS judged_policy,
    CASE WHEN record = 'valid' THEN policy_stage END AS policy_stage,
    CASE WHEN policy = 'valid' THEN mode END AS mode,
    CASE WHEN record IN ('valid', 'invalid', 'multiple') THEN verdict END AS verdict,
    count(*) AS domains
FROM history
GROUP BY ALL;

-- Figures over time. One row for each night, figure and class of it, over all domains (tld is '(all)') and for the
-- ten top-level domains with most of them in the last run: domains of the class, out of n, of which unknown
-- are not known; low and high are the least and the greatest share that can be true. The figures are
--   adoption, of all domains: published;
--   policy, of those that publish a record: the class of the policy, or record not valid;
--   mode, of the same: that of valid policies, or no valid policy;
--   stage, of the same: where record or policy fails first, or nowhere;
--   verdict, of the same.
CREATE OR REPLACE TEMP TABLE series AS
WITH largest AS (
    SELECT tld, row_number() OVER (ORDER BY sum(domains) DESC, tld) AS place
    FROM outcomes WHERE night = len(getvariable('runs'))
    GROUP BY tld
    QUALIFY place <= 10
), judgements AS (
    SELECT *, record IN ('valid', 'invalid', 'multiple') AS present, record <> 'valid' OR judged_policy <> 'unknown' AS policy_known
    FROM outcomes
), classes AS ( -- class is NULL where it is not known
    SELECT night, date, tld, domains, unnest(list_filter([
        {n: 1, figure: 'adoption', class: CASE WHEN present THEN 'published' WHEN record = 'absent' THEN 'not published' END, counted: true},
        {n: 2, figure: 'policy', class: CASE WHEN record <> 'valid' THEN 'record not valid' WHEN policy_known THEN judged_policy END, counted: present},
        {n: 3, figure: 'mode', class: CASE WHEN policy_known THEN coalesce(mode, 'no valid policy') END, counted: present},
        {n: 4, figure: 'stage', class: CASE WHEN record <> 'valid' THEN 'record' WHEN policy_known THEN coalesce(policy_stage, 'nowhere') END, counted: present},
        {n: 5, figure: 'verdict', class: nullif(verdict, 'unknown'), counted: present}
    ], lambda one: one.counted), recursive := true)
    FROM judgements
), counts AS (
    SELECT night, date, n AS figure_number, figure, class, coalesce(tld, '(all)') AS tld, sum(domains)::BIGINT AS domains
    FROM (FROM classes SEMI JOIN largest USING (tld) UNION ALL SELECT * REPLACE (NULL AS tld) FROM classes)
    GROUP BY ALL
), wholes AS (
    SELECT night, date, figure_number, figure, tld, sum(domains)::BIGINT AS n, coalesce(sum(domains) FILTER (class IS NULL), 0)::BIGINT AS unknown
    FROM counts
    GROUP BY ALL
)
SELECT
    wholes.*, class,
    coalesce(domains, 0) AS domains,
    coalesce(domains, 0) / n AS low,
    (coalesce(domains, 0) + unknown) / n AS high,
    coalesce(place, 0) AS place
FROM wholes
JOIN (SELECT DISTINCT figure, class FROM counts WHERE class IS NOT NULL) USING (figure)
LEFT JOIN counts USING (night, figure, tld, class)
LEFT JOIN largest USING (tld);
