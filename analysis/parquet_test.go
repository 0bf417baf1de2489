package main

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A column is what the scanner says of one.
type column struct {
	Name     string   `json:"name"`
	Type     string   `json:"type"`
	Nullable bool     `json:"nullable"`
	LabelsOf string   `json:"labels_of"`
	Values   []string `json:"values"`
}

func columns(t *testing.T) []column {
	t.Helper()
	out, err := exec.Command(shared.scanner, "schema", "--json").Output()
	if err != nil {
		t.Fatal(err)
	}
	var columns []column
	if err := json.Unmarshal(out, &columns); err != nil {
		t.Fatal(err)
	}
	return named(columns)
}

// named are the columns with names in place of numbers of labels.
func named(columns []column) (shown []column) {
	for _, c := range columns {
		switch c.LabelsOf {
		case "zone": // a column of its own
			continue
		case "":
		default:
			c.Name, c.Type = c.LabelsOf, "string"
		}
		shown = append(shown, c)
	}
	return shown
}

// mxStruct is an MX host.
const mxStruct = "STRUCT(host VARCHAR, preference INTEGER, \"matched\" BOOLEAN, tlsa VARCHAR, addr VARCHAR, " +
	"starttls VARCHAR, first_starttls VARCHAR, reply_code INTEGER, " +
	"tls_version VARCHAR, tls_error VARCHAR, cert_sha256 VARCHAR, cert_not_after TIMESTAMP WITH TIME ZONE)[]"

// DuckDB sees the columns that the data dictionary names, with their types, in some order.
func TestColumns(t *testing.T) {
	types := map[string]string{
		"string":                  "VARCHAR",
		"boolean":                 "BOOLEAN",
		"int32":                   "INTEGER",
		"int64":                   "BIGINT",
		"binary":                  "BLOB",
		"timestamp":               "TIMESTAMP WITH TIME ZONE",
		"list of string":          "VARCHAR[]",
		"list of binary":          "BLOB[]",
		"list of int32":           "INTEGER[]",
		"map of string to string": "MAP(VARCHAR, VARCHAR)",
		"list of structure":       mxStruct,
	}
	var got, want []string
	each(t, open(t), "SELECT column_name, column_type FROM (DESCRIBE rows)", func(scan func(...any)) {
		var name, kind string
		scan(&name, &kind)
		got = append(got, name+" "+kind)
	})
	for _, c := range columns(t) {
		want = append(want, c.Name+" "+types[c.Type])
	}
	slices.Sort(got)
	slices.Sort(want)
	if len(want) == 0 || !slices.Equal(got, want) {
		t.Errorf("DuckDB sees %q beyond what is wanted, and not %q", less(got, want), less(want, got))
	}
}

// Every value can be read; what may not be NULL is not, and no text is empty
// instead; words are those of their set; observed times are in this century.
func TestValues(t *testing.T) {
	db := open(t)
	rows := sharedManifest(t).Counts.Rows
	for _, c := range columns(t) {
		empty, foreign := "false", "false"
		if c.Type == "string" {
			empty = c.Name + " = ''"
		}
		if set := "['" + strings.Join(c.Values, "', '") + "']"; c.Values != nil && c.Type == "string" {
			foreign = fmt.Sprintf("%s NOT IN %s", c.Name, set)
		} else if c.Values != nil {
			foreign = fmt.Sprintf("NOT list_has_all(%s, %s)", set, c.Name)
		}
		const query = "SELECT count(hash(%[1]s)), count(%[1]s), count(*) FILTER (%[2]s), count(*) FILTER (%[3]s) FROM rows"
		each(t, db, fmt.Sprintf(query, c.Name, empty, foreign), func(scan func(...any)) {
			var read, filled, empties, foreigners int64
			scan(&read, &filled, &empties, &foreigners)
			if read != rows || !c.Nullable && filled != rows {
				t.Errorf("%s: %d rows of %d, %d not NULL", c.Name, read, rows, filled)
			}
			if empties != 0 || foreigners != 0 {
				t.Errorf("%s: %d texts are empty, %d are words that are not of its set", c.Name, empties, foreigners)
			}
		})
	}
	const wrong = "SELECT count(*) FROM rows WHERE observed_at NOT BETWEEN TIMESTAMPTZ '2026-01-01 00:00:00Z' " +
		"AND TIMESTAMPTZ '2100-01-01 00:00:00Z'"
	each(t, db, wrong, func(scan func(...any)) {
		var n int64
		if scan(&n); n != 0 {
			t.Errorf("observed_at: %d rows", n)
		}
	})
}

// Nested columns and raw bytes come out as they went in.
func TestNestedValues(t *testing.T) {
	db := open(t)
	for _, query := range []string{
		"SELECT count(*) FROM rows WHERE tags['owner'] LIKE 'owner _' AND cardinality(tags) = 1",
		"SELECT count(*) FROM rows WHERE record = 'valid' AND decode(txt[1], 'replace') LIKE 'v=STSv1%'",
		"SELECT count(*) FROM rows WHERE len(cnames) > 0 AND cnames[1] LIKE '%.%'",
		"SELECT count(*) FROM rows WHERE policy = 'valid' AND policy_sha256 = sha256(policy_text) AND octet_length(policy_text) = body_bytes",
		"SELECT count(*) FROM rows WHERE cert_not_before < cert_not_after",
		"SELECT count(*) FROM rows WHERE len(findings) > 1",
	} {
		var n int64
		if each(t, db, query, func(scan func(...any)) { scan(&n) }); n == 0 {
			t.Errorf("no rows: %s", query)
		}
	}
	var wrong int64
	const hashed = "SELECT count(*) FROM rows WHERE policy_text IS NOT NULL AND policy_sha256 <> sha256(policy_text)"
	each(t, db, hashed, func(scan func(...any)) { scan(&wrong) })
	if wrong != 0 {
		t.Errorf("policy_text: %d rows with another hash", wrong)
	}
}

// Row counts and class counts are those of run.json.
func TestCounts(t *testing.T) {
	db, m := open(t), sharedManifest(t)
	if m.Status != "complete" && m.Status != "suspect" || m.Counts.Rows == 0 {
		t.Fatalf("the run is %s, %d rows", m.Status, m.Counts.Rows)
	}
	count := func(query string) map[string]int64 {
		got := make(map[string]int64)
		each(t, db, query, func(scan func(...any)) {
			var word string
			var n int64
			scan(&word, &n)
			got[word] = n
		})
		return got
	}
	for name, want := range map[string]map[string]int64{
		"record": m.Counts.Record, "record_reason": m.Counts.RecordReason, "error": m.Counts.Error, "policy": m.Counts.Policy,
		"tls_error": m.Counts.TLSError, "mode": m.Counts.Mode, "resolver": m.Counts.Resolver,
	} {
		got := count(fmt.Sprintf("SELECT %[1]s, count(*) FROM rows WHERE %[1]s IS NOT NULL GROUP BY 1", name))
		if !maps.Equal(got, want) || len(want) == 0 {
			t.Errorf("%s: %v, run.json says %v", name, got, want)
		}
	}
	const byFinding = "SELECT f, count(*) FROM (SELECT unnest(list_distinct(findings)) AS f FROM rows) GROUP BY 1"
	if got := count(byFinding); !maps.Equal(got, m.Counts.Findings) || len(got) == 0 {
		t.Errorf("findings: %v, run.json says %v", got, m.Counts.Findings)
	}
	reasons := make(map[string]int64)
	for stage, of := range m.Counts.PolicyReason {
		for reason, n := range of {
			reasons[stage+" "+reason] = n
		}
	}
	const byReason = "SELECT policy_stage || ' ' || policy_reason, count(*) FROM rows " +
		"WHERE policy_stage IS NOT NULL GROUP BY 1"
	if got := count(byReason); !maps.Equal(got, reasons) || len(got) == 0 {
		t.Errorf("policy_reason: %v, run.json says %v", got, reasons)
	}
	parts := make(map[string]int64)
	for _, part := range m.Parts {
		if part.Rows > 0 {
			parts[part.Name] = part.Rows
		}
	}
	glob := filepath.Join(shared.dir, "part-*.parquet")
	const byPart = "SELECT parse_filename(filename), count(*) FROM read_parquet('%s', filename = true) GROUP BY 1"
	if got := count(fmt.Sprintf(byPart, glob)); !maps.Equal(got, parts) {
		t.Errorf("parts: %v, run.json says %v", got, parts)
	}
}

// The filter on domain excludes what a part does not have and nothing that it
// has; the footer says what the part is.
func TestBloomFilterAndMetadata(t *testing.T) {
	db, m := open(t), sharedManifest(t)
	part := filepath.Join(shared.dir, m.Parts[0].Name)
	var domain string
	each(t, db, fmt.Sprintf("SELECT min(domain) FROM '%s'", part), func(scan func(...any)) { scan(&domain) })
	excluded := func(name string) (all, out int) {
		const probe = "SELECT bloom_filter_excludes FROM parquet_bloom_probe('%s', 'domain', '%s')"
		each(t, db, fmt.Sprintf(probe, part, name), func(scan func(...any)) {
			var excludes bool
			scan(&excludes)
			all++
			if excludes {
				out++
			}
		})
		return all, out
	}
	if all, out := excluded(domain); all == 0 || out == all {
		t.Errorf("%s is in none of %d row groups of its part", domain, all)
	}
	misses := 0
	for i := range 20 {
		if all, out := excluded(fmt.Sprintf("not-there-%d.example.com", i)); out == all {
			misses++
		}
	}
	if misses < 15 {
		t.Errorf("of 20 names that are not there, the filter excludes %d", misses)
	}
	metadata := make(map[string]string)
	const pairs = "SELECT decode(key), decode(value) FROM parquet_kv_metadata('%s')"
	each(t, db, fmt.Sprintf(pairs, part), func(scan func(...any)) {
		var key, value string
		scan(&key, &value)
		metadata[key] = value
	})
	for key, want := range map[string]string{
		"stsscan.schema_version": "2", "stsscan.input": m.Plan.SHA256, "stsscan.part": "0", "stsscan.first_rank": "1",
		"stsscan.rows": fmt.Sprint(m.Parts[0].Rows), "stsscan.pending": "0",
	} {
		if metadata[key] != want {
			t.Errorf("%s is %q, want %q", key, metadata[key], want)
		}
	}
	each(t, db, fmt.Sprintf("SELECT created_by FROM parquet_file_metadata('%s')", part), func(scan func(...any)) {
		var by string
		if scan(&by); !strings.HasPrefix(by, "stsscan version ") {
			t.Errorf("created by %q", by)
		}
	})
}

// A run of an earlier version lacks the columns that were added later, or a field of the
// MX hosts: every question runs all the same, also beside a run that has them.
func TestEarlierVersions(t *testing.T) {
	db := open(t)
	t.Run("columns", func(t *testing.T) { askEarlier(t, db, withoutColumns(t, db)) })
	t.Run("field", func(t *testing.T) { askEarlier(t, db, withoutField) })
}

// withoutField are all columns, and those of an MX host but first_starttls.
const withoutField = "* REPLACE (list_transform(mx, lambda m: " +
	"{'host': m.host, 'preference': m.preference, 'matched': m.matched, 'tlsa': m.tlsa, " +
	"'addr': m.addr, 'starttls': m.starttls, 'reply_code': m.reply_code, 'tls_version': m.tls_version, 'tls_error': m.tls_error, " +
	"'cert_sha256': m.cert_sha256, 'cert_not_after': m.cert_not_after}) AS mx)"

// withoutColumns are those that every version had.
func withoutColumns(t *testing.T, db *sql.DB) string {
	t.Helper()
	var later []string
	const query = "SELECT column_name FROM (DESCRIBE nullable_columns) SEMI JOIN (DESCRIBE rows) USING (column_name)"
	each(t, db, query, func(scan func(...any)) {
		var name string
		scan(&name)
		later = append(later, name)
	})
	return "* EXCLUDE (" + strings.Join(later, ", ") + ")"
}

// askEarlier asks everything of a run with these columns, alone and beside one of now.
func askEarlier(t *testing.T, db *sql.DB, columns string) {
	earlier := filepath.Join(t.TempDir(), "earlier")
	if err := os.Mkdir(earlier, 0o755); err != nil {
		t.Fatal(err)
	}
	copyTo := fmt.Sprintf("COPY (SELECT %s FROM rows) TO %s (FORMAT parquet)",
		columns, quote(filepath.Join(earlier, "part-000000.parquet")))
	if _, err := db.Exec(copyTo); err != nil {
		t.Fatal(err)
	}
	manifest, err := os.ReadFile(filepath.Join(shared.dir, "run.json"))
	if err == nil {
		err = os.WriteFile(filepath.Join(earlier, "run.json"), manifest, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	queries, err := Queries()
	if err != nil {
		t.Fatal(err)
	}
	for _, runs := range [][]string{{earlier}, {earlier, shared.dir}} {
		store := openRuns(t, runs...)
		for _, q := range queries {
			if q.History() && len(runs) == 1 {
				continue
			}
			if _, err := store.Answer(t.Context(), q); err != nil {
				t.Error(err)
			}
		}
	}
}
