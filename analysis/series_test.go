package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// Series and changes over nights that are made say what the formula does. One night is the run of an
// earlier version, one of two shards.
func TestSeries(t *testing.T) {
	m := madeNights{nights: 8, rows: 100_000, parts: 8}
	archive := filepath.Join(t.TempDir(), "archive")
	runs := m.write(t, archive)
	makeEarlier(t, runs[1])
	makeShards(t, runs[2])
	t.Run("answers", func(t *testing.T) { testSeries(t, m, openRuns(t, archive)) })
	t.Run("list", func(t *testing.T) { testSeries(t, m, openRuns(t, runs...)) })
	t.Run("report", func(t *testing.T) {
		tables := testMemory(t, 200, archive)
		queries, err := Queries()
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range queries {
			if _, ok := tables[q.Name]; !ok {
				t.Errorf("%s.sql is not answered", q.Name)
			}
		}
		if adoption := tables["series_adoption"].Rows; len(adoption) != m.nights {
			t.Errorf("%d nights, want %d", len(adoption), m.nights)
		}
	})
}

// testSeries holds answers about the nights against the formula.
func testSeries(t *testing.T, m madeNights, store *Store) {
	for _, name := range slices.Sorted(maps.Keys(m.expected(1))) {
		q := Query{Name: name, SQL: query(t, name)}
		table, err := store.Answer(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		got := make(map[string]int64)
		for row := range table.Rows {
			class := ""
			for _, column := range []string{"class", "mode", "stage", "verdict", "kind"} {
				if word, ok := table.Value(row, column).(string); ok {
					class = word
				}
			}
			if n := table.Value(row, "domains").(int64); n > 0 {
				got[fmt.Sprint(table.Value(row, "night"), " ", table.Value(row, "date"), " ", class)] = n
			}
			testInterval(t, table, row)
			if unknown := table.Value(row, "unknown"); name == "series_adoption" && unknown != int64(m.unknown()) {
				t.Errorf("%v domains are unknown in night %v, want %d", unknown, table.Value(row, "night"), m.unknown())
			}
		}
		want := make(map[string]int64)
		for night := 1; night <= m.nights; night++ {
			for class, n := range m.expected(night)[name] {
				if n > 0 {
					want[fmt.Sprint(night, " ", m.date(night).Format(time.DateOnly), " ", class)] = int64(n)
				}
			}
		}
		if !maps.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	byTLD, err := store.Answer(t.Context(), Query{Name: "series_by_tld", SQL: query(t, "series_by_tld")})
	if err != nil {
		t.Fatal(err)
	}
	for row := range byTLD.Rows {
		testInterval(t, byTLD, row)
	}
	for _, tld := range []string{"com", "net", "org"} {
		var published int64
		for row := range byTLD.Rows {
			last := byTLD.Value(row, "night") == int64(m.nights)
			if last && byTLD.Value(row, "tld") == tld && byTLD.Value(row, "class") == "published" {
				published += byTLD.Value(row, "domains").(int64)
			}
		}
		if want := m.published(m.nights, tld); published != int64(want) || want == 0 {
			t.Errorf("%d domains in %s publish a record, want %d", published, tld, want)
		}
	}
}

// testInterval holds a share to its counts.
func testInterval(t *testing.T, table *Table, row int) {
	t.Helper()
	n, ok := table.Value(row, "n").(int64)
	if !ok {
		return // not an interval
	}
	domains, unknown := table.Value(row, "domains").(int64), table.Value(row, "unknown").(int64)
	low, high := float64(domains)/float64(n), float64(domains+unknown)/float64(n)
	if table.Value(row, "low") != low || table.Value(row, "high") != high || high > 1 {
		t.Errorf("%s: %v, want from %v to %v", table.Query.Name, table.record(row), low, high)
	}
}

// expected is what questions answer about a night: domains by class.
func (m madeNights) expected(night int) map[string]map[string]int {
	kinds := m.publishers()
	adopted := 0
	for earlier := 1; earlier <= night; earlier++ {
		adopted += m.adopters(earlier)
	}
	enforce, testing, failing := kinds[0]+adopted, kinds[2], 0
	if night > m.nights/2 {
		enforce, testing = enforce+kinds[2], 0
	}
	if night%2 == 0 {
		failing = kinds[3]
	} else {
		enforce += kinds[3]
	}
	changes := make(map[string]int)
	if night > 1 {
		changes["adopted"] = m.adopters(night)
		changes[map[bool]string{true: "policy broken", false: "policy mended"}[night%2 == 0]] = kinds[3]
		if night == m.nights/2+1 {
			changes["mode raised"], changes["policy and id changed"] = kinds[2], kinds[2]
		}
	}
	return map[string]map[string]int{
		"series_adoption": {"": enforce + testing + failing},
		"series_policies": {"valid": enforce + testing, "unreachable": failing},
		"series_modes":    {"enforce": enforce, "testing": testing, "no valid policy": failing},
		"series_errors":   {"nowhere": enforce + testing, "tls": failing},
		"series_verdicts": {"enforce_ok": enforce, "testing_ok": testing, "broken": failing},
		"changes":         changes,
	}
}

// makeEarlier makes a run one of an earlier version, which lacked columns and a field of the MX hosts.
func makeEarlier(t *testing.T, run string) {
	t.Helper()
	db := openRuns(t, run).db
	parts, err := filepath.Glob(filepath.Join(run, "part-*.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	columns := "domain AS registered_domain, " + strings.Replace(withoutField, "* ",
		"* EXCLUDE (registered_labels, zone_labels, vantage, first_record, tlsrpt_txt_count) ", 1)
	for _, part := range parts {
		const statement = "COPY (SELECT %s FROM read_parquet(%s, hive_partitioning = false)) TO %s (FORMAT parquet)"
		execute(t, db, fmt.Sprintf(statement, columns, quote(part), quote(part+".new")))
		if err := os.Rename(part+".new", part); err != nil {
			t.Fatal(err)
		}
	}
}

// makeShards makes the manifest of a run that of two shards.
func makeShards(t *testing.T, run string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(run, "run.json"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		text := strings.Replace(string(data), "{", fmt.Sprintf(`{"shard": {"index": %d, "of": 2},`, i+1), 1)
		if err := os.WriteFile(filepath.Join(run, fmt.Sprintf("run-%d-of-2.json", i+1)), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(filepath.Join(run, "run.json")); err != nil {
		t.Fatal(err)
	}
}

// An archive stands for the runs in it, by name; other directories for themselves.
func TestExpandArchives(t *testing.T) {
	dir := t.TempDir()
	archive, run := filepath.Join(dir, "arch[i]ve"), filepath.Join(dir, "run")
	var want []string
	for _, name := range []string{"date=2026-11-29", "date=2026-11-29T18", "date=2026-12-01"} {
		want = append(want, filepath.Join(archive, name))
	}
	for _, name := range append(want, run, filepath.Join(archive, "notes")) {
		if err := os.MkdirAll(name, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	got, err := expandArchives([]string{archive, run, filepath.Join(dir, "missing")})
	if want = append(want, run, filepath.Join(dir, "missing")); err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
}
