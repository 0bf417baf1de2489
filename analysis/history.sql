-- The tables that the queries about several runs read: paste this after view.sql,
-- which says where the runs are.

-- One row for each run. Those of shards have a manifest each, and all must be
-- there and finished. A suspect run is finished too: what it left unknown is no
-- change here.
CREATE OR REPLACE TEMP TABLE nights AS
SELECT
    list_position(getvariable('runs'), run) AS night,
    run,
    (min(started_at) AT TIME ZONE 'UTC')::DATE AS date,
    bool_and(status IN ('complete', 'suspect')) AND count(*) >= max(coalesce(shards, 1)) AS complete,
    min(started_at) AS started_at,
    max(ended_at) AS ended_at
FROM ( -- as text, because read_json takes memory for the largest file that it allows, on every thread
    SELECT
        parse_dirpath(filename) AS run,
        content->>'$.status' AS status,
        (content->>'$.shard.of')::BIGINT AS shards,
        (content->>'$.started_at')::TIMESTAMPTZ AS started_at,
        (content->>'$.ended_at')::TIMESTAMPTZ AS ended_at
    FROM read_text(list_transform(getvariable('runs'), lambda run: run || '/run*.json'))
)
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

-- The domains that published a record in any of the runs, each night beside what
-- was last known of it before: was of record and policy, had of a policy that was
-- asked for and whose answer is not unknown. The last run may be unfinished, and
-- then says nothing about the domains that it has not come to. No other may: each
-- domain that it lacks would look as if it had joined.
CREATE OR REPLACE TEMP TABLE compared AS
SELECT
    *,
    lag(CASE WHEN record <> 'unknown' THEN {night: night, present: record <> 'absent', record: record, reason: record_reason, operator: operator} END IGNORE NULLS) OVER nights_of AS was,
    lag(CASE WHEN record = 'valid' AND judged_policy <> 'unknown' AND pending IS NULL THEN {
        night: night, valid: policy = 'valid', policy: policy, stage: policy_stage, reason: policy_reason, mode: mode, max_age: max_age,
        id: record_id, sha256: policy_sha256
    } END IGNORE NULLS) OVER nights_of AS had,
    lag(CASE WHEN policy = 'valid' AND mx_match IN ('all', 'some', 'none') THEN {night: night, match: mx_match, verdict: verdict} END IGNORE NULLS) OVER nights_of AS matched
FROM (
    SELECT
        night, date, domain, tags, record, record_reason, record_id, policy, judged(policy, findings) AS judged_policy, policy_stage, policy_reason, policy_sha256, mode, max_age,
        mx_match, mismatch, verdict, pending,
        record IN ('valid', 'invalid', 'multiple') AS present,
        coalesce(
            host_delegated_to,
            CASE WHEN NOT ends_with('.' || host_cnames[-1], '.' || coalesce(registered_domain, domain)) THEN site(host_cnames[-1]) END,
            record_delegated_to,
            CASE WHEN NOT ends_with('.' || cnames[-1], '.' || coalesce(registered_domain, domain)) THEN site(cnames[-1]) END
        ) AS operator,
        CASE WHEN policy <> 'forbidden' THEN 'addresses ' || array_to_string(list_sort(host_addrs), ' ') END AS addresses
    FROM history SEMI JOIN (SELECT DISTINCT domain FROM history WHERE record IN ('valid', 'invalid', 'multiple') AND txt_count > 0) AS publishers USING (domain)
    WHERE (
        SELECT CASE WHEN bool_or(NOT complete) THEN error('a run that is not complete is no baseline: ' || string_agg(run, ', ') FILTER (NOT complete)) ELSE true END
        FROM nights WHERE night < len(getvariable('runs'))
    )
)
WINDOW nights_of AS (PARTITION BY domain ORDER BY night);

-- One row for each change of a domain from what was known of it to the next night.
-- A regression is a change that takes protection away, or that senders cannot see.
CREATE OR REPLACE TEMP TABLE changed AS
SELECT night, date, domain, tags, change.*, coalesce(operator, was.operator, addresses) AS cluster
FROM (
    SELECT *, unnest([
        CASE WHEN present AND NOT was.present THEN {kind: 'adopted', before: was.reason, after: record, regression: false} END,
        CASE WHEN record = 'absent' AND was.present AND had.valid AND had.mode = 'none'
            THEN {kind: 'abandoned after mode none', before: was.record, after: record_reason, regression: false} END,
        CASE WHEN record = 'absent' AND was.present AND NOT coalesce(had.valid AND had.mode = 'none', false)
            THEN {kind: 'abandoned abruptly', before: was.record, after: record_reason, regression: true} END,
        CASE WHEN record IN ('invalid', 'multiple') AND was.record = 'valid'
            THEN {kind: 'record broken', before: was.record, after: coalesce(record_reason, record), regression: true} END,
        CASE WHEN record = 'valid' AND was.record IN ('invalid', 'multiple')
            THEN {kind: 'record mended', before: coalesce(was.reason, was.record), after: record, regression: false} END,
        CASE WHEN was.present AND record = 'valid' AND judged_policy NOT IN ('valid', 'unknown') AND had.valid
            THEN {kind: 'policy broken', before: had.mode, after: policy_stage || ': ' || policy_reason, regression: true} END,
        CASE WHEN was.present AND record = 'valid' AND policy = 'valid' AND NOT had.valid
            THEN {kind: 'policy mended', before: had.stage || ': ' || had.reason, after: mode, regression: false} END,
        CASE WHEN was.present AND record = 'valid' AND judged_policy NOT IN ('valid', 'unknown') AND NOT had.valid AND (policy_stage, policy_reason) <> (had.stage, had.reason)
            THEN {kind: 'fails otherwise', before: had.stage || ': ' || had.reason, after: policy_stage || ': ' || policy_reason, regression: false} END,
        CASE WHEN both_valid AND (had.mode = 'none' AND mode <> 'none' OR had.mode = 'testing' AND mode = 'enforce')
            THEN {kind: 'mode raised', before: had.mode, after: mode, regression: false} END,
        CASE WHEN both_valid AND (had.mode = 'enforce' AND mode <> 'enforce' OR had.mode = 'testing' AND mode = 'none')
            THEN {kind: 'mode lowered', before: had.mode, after: mode, regression: true} END,
        CASE WHEN both_valid AND max_age > had.max_age THEN {kind: 'max_age raised', before: had.max_age::VARCHAR, after: max_age::VARCHAR, regression: false} END,
        CASE WHEN both_valid AND max_age < had.max_age THEN {kind: 'max_age lowered', before: had.max_age::VARCHAR, after: max_age::VARCHAR, regression: false} END,
        CASE WHEN both_valid AND policy_sha256 <> had.sha256 AND record_id <> had.id
            THEN {kind: 'policy and id changed', before: had.id, after: record_id, regression: false} END,
        CASE WHEN both_valid AND policy_sha256 <> had.sha256 AND record_id = had.id
            THEN {kind: 'policy changed, id did not', before: had.id, after: record_id, regression: true} END,
        CASE WHEN both_valid AND policy_sha256 = had.sha256 AND record_id <> had.id
            THEN {kind: 'id changed, policy did not', before: had.id, after: record_id, regression: false} END,
        CASE WHEN mx_known AND policy_sha256 = had.sha256 AND matched.match <> 'none' AND mx_match = 'none' OR mx_known AND policy_sha256 = had.sha256 AND matched.match = 'all' AND mx_match = 'some'
            THEN {kind: 'MX left the policy', before: matched.match, after: mx_match, regression: true} END,
        CASE WHEN mx_known AND matched.match <> 'all' AND mx_match = 'all' THEN {kind: 'MX covered again', before: matched.match, after: mx_match, regression: false} END,
        CASE WHEN verdict IN ('enforce_refused', 'enforce_partial') AND was.present AND coalesce(matched.verdict NOT IN ('enforce_refused', 'enforce_partial'), false)
            THEN {kind: 'mail would be refused', before: matched.verdict, after: verdict, regression: true} END,
        CASE WHEN was.present AND present AND judged_policy <> 'unknown' AND operator IS DISTINCT FROM was.operator
            THEN {kind: 'operator changed', before: was.operator, after: operator, regression: false} END
    ]) AS change
    FROM (
        SELECT *, was.present AND record = 'valid' AND policy = 'valid' AND had.valid AS both_valid, both_valid AND mx_match IN ('all', 'some', 'none') AND matched IS NOT NULL AS mx_known
        FROM compared
    )
)
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
