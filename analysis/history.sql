-- The tables that the queries about several runs read: paste this after view.sql,
-- which says where the runs are.

-- One row for each domain of each run; night counts the runs from 1.
CREATE OR REPLACE TEMP VIEW history AS
SELECT list_position(getvariable('runs'), parse_dirpath(filename)) AS night, * EXCLUDE (filename)
FROM read_parquet(list_transform(getvariable('runs'), lambda run: run || '/part-*.parquet'), union_by_name = true, filename = true)
UNION ALL BY NAME
FROM nullable_columns;

-- One row for each run. Those of shards have a manifest each, and all must be
-- there and finished. A suspect run is finished too: what it left unknown is no
-- change here.
CREATE OR REPLACE TEMP TABLE nights AS
SELECT
    list_position(getvariable('runs'), parse_dirpath(filename)) AS night,
    parse_dirpath(filename) AS run,
    bool_and(status IN ('complete', 'suspect')) AND count(*) >= max(coalesce(shard.of, 1)) AS complete,
    min(started_at) AS started_at,
    max(ended_at) AS ended_at
FROM read_json(list_transform(getvariable('runs'), lambda run: run || '/run*.json'), maximum_object_size = 50000000, filename = true,
    columns = {status: 'VARCHAR', shard: 'STRUCT("index" BIGINT, "of" BIGINT)', started_at: 'TIMESTAMPTZ', ended_at: 'TIMESTAMPTZ'})
GROUP BY ALL;

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
        night, domain, tags, record, record_reason, record_id, policy, judged(policy, findings) AS judged_policy, policy_stage, policy_reason, policy_sha256, mode, max_age,
        mx_match, mismatch, verdict, pending,
        record IN ('valid', 'invalid', 'multiple') AS present,
        coalesce(
            host_delegated_to,
            CASE WHEN NOT ends_with('.' || host_cnames[-1], '.' || coalesce(registered_domain, domain)) THEN site(host_cnames[-1]) END,
            record_delegated_to,
            CASE WHEN NOT ends_with('.' || cnames[-1], '.' || coalesce(registered_domain, domain)) THEN site(cnames[-1]) END
        ) AS operator,
        CASE WHEN policy <> 'forbidden' THEN 'addresses ' || array_to_string(list_sort(host_addrs), ' ') END AS addresses
    FROM history SEMI JOIN (SELECT DISTINCT domain FROM history WHERE record IN ('valid', 'invalid', 'multiple')) AS publishing USING (domain)
    WHERE (
        SELECT CASE WHEN bool_or(NOT complete) THEN error('a run that is not complete is no baseline: ' || string_agg(run, ', ') FILTER (NOT complete)) ELSE true END
        FROM nights WHERE night < len(getvariable('runs'))
    )
)
WINDOW nights_of AS (PARTITION BY domain ORDER BY night);

-- One row for each change of a domain from what was known of it to the next night.
-- A regression is a change that takes protection away, or that senders cannot see.
CREATE OR REPLACE TEMP TABLE changed AS
SELECT night, domain, tags, change.*, coalesce(operator, was.operator, addresses) AS cluster
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
