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

-- Columns are only ever added. Runs of earlier versions lack the later ones,
-- which are NULL then; DuckDB drops those that its first file does not have,
-- unless it is told to unite files by name.
CREATE OR REPLACE TEMP VIEW later_columns AS
SELECT
    NULL::VARCHAR AS pending
LIMIT 0;

-- One row for each domain of the last run.
CREATE OR REPLACE TEMP VIEW rows AS
FROM read_parquet(getvariable('runs')[-1] || '/part-*.parquet', union_by_name = true)
UNION ALL BY NAME
FROM later_columns;

-- The name under which somebody is registered, for lack of the public suffix
-- list by a rule of thumb: three labels below such as co.uk and com.au, else two.
CREATE OR REPLACE TEMP MACRO site(name) AS
    array_to_string(string_split(name, '.')[CASE WHEN regexp_matches(name, '(^|\.)(ac|co|com|edu|gob|gov|ne|net|or|org)\.[a-z][a-z]$') THEN -3 ELSE -2 END:], '.');

-- A share, NULL out of nothing.
CREATE OR REPLACE TEMP MACRO share_of(part, whole) AS CASE WHEN whole > 0 THEN part / whole END;

-- The domains that publish a record, with the operators that their names are
-- aliases to (NULL: none, or inside the domain), and where the first thing fails.
CREATE OR REPLACE TEMP VIEW published AS
SELECT
    *,
    CASE WHEN NOT ends_with('.' || cnames[-1], '.' || coalesce(registered_domain, domain)) THEN site(cnames[-1]) END AS record_operator,
    CASE WHEN NOT ends_with('.' || host_cnames[-1], '.' || coalesce(registered_domain, domain)) THEN site(host_cnames[-1]) END AS host_operator,
    CASE WHEN record = 'valid' THEN policy_stage ELSE 'record' END AS stage,
    CASE record WHEN 'valid' THEN policy_reason WHEN 'multiple' THEN 'multiple' ELSE record_reason END AS reason
FROM rows
WHERE record IN ('valid', 'invalid', 'multiple');

-- The same with the cluster that each domain's policy is served by: the
-- operator of an alias, else the set of addresses of the Policy Host (the first
-- one is shown), else the domain alone; and with who runs it, by the heuristic
-- of the literature (ACM IMC 2025): a third party serves 50 domains or more, who
-- serves up to 5 serves himself, and those between are not classified.
CREATE OR REPLACE TEMP VIEW managed AS
SELECT
    *,
    count(*) OVER (PARTITION BY cluster) AS cluster_domains,
    CASE WHEN cluster_domains >= 50 THEN 'third_party' WHEN cluster_domains <= 5 THEN 'self' ELSE 'unclassified' END AS manager
FROM (
    SELECT
        *,
        coalesce(host_operator, CASE WHEN policy <> 'forbidden' THEN 'addresses ' || array_to_string(list_sort(host_addrs), ' ') END, record_operator, 'domain ' || domain) AS cluster
    FROM published
);
