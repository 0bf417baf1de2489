package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// firstVersion is a run of two shards of version 1 of the table, which has names where there are numbers of labels
// now; firstVersionRows are its rows as the scanner printed them then.
const (
	firstVersion     = "../internal/output/testdata/version1"
	firstVersionRows = "../internal/output/testdata/version1.jsonl.gz"
)

// The names of a row are those that cat gives, for runs of each version, beside each other and in one directory.
func TestNamesOfVersions(t *testing.T) {
	now := filepath.Join(t.TempDir(), "now.jsonl")
	lines, err := exec.Command(shared.scanner, "cat", shared.dir).Output()
	if err == nil {
		err = os.WriteFile(now, lines, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	both := t.TempDir()
	for dir, prefix := range map[string]string{firstVersion: "part-0000", shared.dir: "part-0001"} {
		parts, err := filepath.Glob(filepath.Join(dir, "part-0000*.parquet"))
		if err != nil || len(parts) == 0 {
			t.Fatal(parts, err)
		}
		for _, part := range parts {
			data, err := os.ReadFile(part)
			if err == nil {
				name := prefix + filepath.Base(part)[len(prefix):]
				err = os.WriteFile(filepath.Join(both, name), data, 0o644)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, tt := range []struct {
		runs  []string
		table string
		lines string // what it is compared with
	}{
		{[]string{firstVersion}, "rows", quote(firstVersionRows)},
		{[]string{shared.dir}, "rows", quote(now)},
		{[]string{both}, "rows", fmt.Sprintf("[%s, %s]", quote(firstVersionRows), quote(now))},
		{[]string{firstVersion, shared.dir}, "history", fmt.Sprintf("[%s, %s]", quote(firstVersionRows), quote(now))},
		{[]string{shared.dir, firstVersion}, "history", fmt.Sprintf("[%s, %s]", quote(firstVersionRows), quote(now))},
	} {
		compare := fmt.Sprintf(`
			WITH
				got AS (SELECT domain, registered_domain, zone FROM %s),
				want AS (FROM read_json(%s, format = 'newline_delimited', maximum_object_size = 10000000,
					columns = {domain: 'VARCHAR', registered_domain: 'VARCHAR', zone: 'VARCHAR'})),
				differing AS ((FROM got EXCEPT ALL FROM want) UNION ALL (FROM want EXCEPT ALL FROM got))
			SELECT
				(SELECT count(*) FROM got), (SELECT count(registered_domain) FROM got), (SELECT count(zone) FROM got),
				(SELECT count(*) FROM differing), coalesce((SELECT min(differing::VARCHAR) FROM differing), '')`,
			tt.table, tt.lines)
		each(t, openRuns(t, tt.runs...).db, compare, func(scan func(...any)) {
			var rows, registered, zones, differ int
			var example string
			scan(&rows, &registered, &zones, &differ, &example)
			if rows == 0 || registered == 0 || zones == 0 || differ != 0 {
				t.Errorf("%s of %q: %d rows, %d registered domains, %d zones; %d differ, as in %s",
					tt.table, tt.runs, rows, registered, zones, differ, example)
			}
		})
	}
}

// Every question can be asked of a run of the first version, alone and beside one of now.
func TestFirstVersion(t *testing.T) {
	queries, err := Queries()
	if err != nil {
		t.Fatal(err)
	}
	for _, runs := range [][]string{{firstVersion}, {firstVersion, shared.dir}, {shared.dir, firstVersion}} {
		if _, err := ReadRun(runs[0]); err != nil {
			t.Error(err)
		}
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
