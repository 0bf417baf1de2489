package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// duckdbVersions is set in the environment to the directory where npm has installed
// what testdata/duckdb/package.json names: .ci/duckdb does both.
const duckdbVersions = "STSSCAN_ANALYSIS_DUCKDB"

// view.sql stops in a DuckDB that is too old, and says so.
func TestTooOld(t *testing.T) {
	text, err := sqlFiles.ReadFile(views[0])
	if err != nil {
		t.Fatal(err)
	}
	_, check, _ := strings.Cut(string(text), "\nSET VARIABLE ")
	check, _, _ = strings.Cut(check, ";\n")
	if !strings.Contains(check, "version()") {
		t.Fatalf("the first statement looks at no version: %s", check)
	}
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for version, old := range map[string]bool{
		"v0.10.3": true, "v1.1.3": true, "v1.2.2": true, "v1.3.4": true,
		"v1.4.0": false, "v1.4.1-dev12": false, "v1.10.0": false, "v2.0.0": false,
	} {
		_, err := db.Exec("SET VARIABLE " + strings.ReplaceAll(check, "version()", quote(version)))
		if said := err != nil && strings.Contains(err.Error(), "DuckDB "+version+" is too old"); said != old {
			t.Errorf("%s: %v", version, err)
		}
	}
}

// testDuckDB holds that other versions of DuckDB, by way of npm, answer every
// question as the one does that this program has.
func testDuckDB(t *testing.T, runs []string) {
	dir := os.Getenv(duckdbVersions)
	if dir == "" {
		t.Skip(duckdbVersions + " is not set")
	}
	data, err := os.ReadFile(filepath.Join("testdata", "duckdb", "package.json"))
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct {
		Dependencies map[string]string `json:"dependencies"`
	}
	if err := json.Unmarshal(data, &manifest); err != nil || len(manifest.Dependencies) == 0 {
		t.Fatalf("package.json: %v", err)
	}
	sets := [][]string{runs, {shared.dir}}
	earlier, err := filepath.Glob("../internal/output/testdata/version*/part-000000.parquet")
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range earlier { // runs of earlier versions of the table, alone and before those of this one
		run := filepath.Dir(part)
		sets = append(sets, []string{run}, append([]string{run}, runs...))
	}
	var asked []catalogue
	for _, set := range sets {
		asked = append(asked, answered(t, set))
	}
	for name := range manifest.Dependencies {
		t.Run(name, func(t *testing.T) {
			for _, c := range asked {
				c.sameIn(t, dir, name)
			}
		})
	}
}

// A catalogue is every question about some runs, with the answers.
type catalogue struct {
	Tables  []string          `json:"tables"`  // statements that make the tables
	Queries map[string]string `json:"queries"` // by name
	answers map[string]*Table
}

// answered asks every question about the runs.
func answered(t *testing.T, runs []string) catalogue {
	t.Helper()
	queries, err := Queries()
	if err != nil {
		t.Fatal(err)
	}
	c := catalogue{Queries: make(map[string]string), answers: make(map[string]*Table)}
	if c.Tables, err = tables(runs); err != nil {
		t.Fatal(err)
	}
	store := openRuns(t, runs...)
	for _, q := range queries {
		if q.History() && len(runs) == 1 {
			continue
		}
		c.Queries[q.Name] = q.SQL
		if c.answers[q.Name], err = store.Answer(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// sameIn asks the DuckDB of an npm package.
func (c catalogue) sameIn(t *testing.T, dir, name string) {
	t.Helper()
	script, err := filepath.Abs(filepath.Join("testdata", "duckdb", "answers.mjs"))
	if err != nil {
		t.Fatal(err)
	}
	input, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	node := exec.Command("node", script, dir, name)
	var stderr bytes.Buffer
	node.Stdin, node.Stderr = bytes.NewReader(input), &stderr
	output, err := node.Output()
	if err != nil {
		t.Fatalf("node: %v\n%s", err, stderr.String())
	}
	var got struct {
		Version string `json:"version"`
		Answers map[string]struct {
			Error   string   `json:"error"`
			Columns []string `json:"columns"`
			Rows    [][]any  `json:"rows"`
		} `json:"answers"`
	}
	if err := json.Unmarshal(output, &got); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(got.Version, "v"+strings.TrimPrefix(name, "duckdb-")) {
		t.Fatalf("%s is DuckDB %s", name, got.Version)
	}
	for name, table := range c.answers {
		answer := got.Answers[name]
		if answer.Error == "" {
			answer.Error = firstDifference(answer.Columns, answer.Rows, table)
		}
		if answer.Error != "" {
			t.Errorf("%s.sql in DuckDB %s: %s", name, got.Version, answer.Error)
		}
	}
	t.Logf("DuckDB %s: %d questions", got.Version, len(c.answers))
}

// firstDifference says where an answer in JSON is not the table; empty: nowhere.
func firstDifference(columns []string, rows [][]any, table *Table) string {
	if len(columns) != len(table.Columns) || len(rows) != len(table.Rows) {
		return fmt.Sprintf("columns %q and %d rows, want %v and %d", columns, len(rows), table.Columns, len(table.Rows))
	}
	for i, row := range rows {
		for k, column := range table.Columns {
			if want := table.Rows[i][k]; columns[k] != column.Name || !sameValue(row[k], want) {
				return fmt.Sprintf("row %d, column %s: %v, want %v", i, column.Name, row[k], want)
			}
		}
	}
	return ""
}

// sameValue compares a value in JSON with one of a table.
func sameValue(got, want any) bool {
	switch want := want.(type) {
	case int64:
		return got == float64(want)
	case float64:
		n, ok := got.(float64)
		return ok && math.Abs(n-want) <= 1e-9*math.Max(1, math.Abs(want))
	case time.Time:
		return got == float64(want.UnixMicro())
	case Tags:
		return fmt.Sprint(got) == fmt.Sprint(map[string]string(want)) // both by key
	}
	return got == want
}
