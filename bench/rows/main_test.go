package main

import (
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"stsscan/internal/output"
	"stsscan/internal/verify"
)

// Verify has nothing to say about a run, it has the shares that are promised, and the same rows each time, but for
// what another night and tags change.
func TestRun(t *testing.T) {
	const n = 20_000
	var names strings.Builder
	for i := range n {
		fmt.Fprintf(&names, "name%d.example%d.co.uk\n", i, i%7)
	}
	rows := func(night, teams int) map[int64]*output.Row {
		rows := make(map[int64]*output.Row)
		dir := filepath.Join(t.TempDir(), "run")
		if err := run(strings.NewReader(names.String()), dir, night, teams); err != nil {
			t.Fatal(err)
		}
		if report, err := verify.Run(dir, verify.Options{}); err != nil || report.Problems > 0 || report.Rows != n {
			t.Errorf("%v, %+v", err, report)
		}
		for r, err := range (output.Selection{Columns: []string{"record", "verdict", "policy_text", "tags"}}).Rows(dir) {
			if err != nil {
				t.Fatal(err)
			}
			rows[r.Rank] = r
		}
		return rows
	}
	first, counts, changed := rows(0, 0), make(map[string]int), 0
	for rank, r := range rows(1, 0) {
		counts[r.Record]++
		if !reflect.DeepEqual(r, first[rank]) {
			changed++
		}
	}
	valid, unknown := counts["valid"], counts["unknown"]
	if valid < n*5/1000 || valid > n*9/1000 || unknown < n*6/1000 || unknown > n/100 {
		t.Errorf("%v", counts)
	}
	if changed == 0 || changed > 10 {
		t.Errorf("%d domains are different in another night", changed)
	}
	if again := rows(0, 0); !reflect.DeepEqual(again, first) {
		t.Error("the rows of a night are others")
	}
	for _, r := range rows(0, 3) {
		if r.Tags["team"] != fmt.Sprint("team", r.Rank%3) {
			t.Fatalf("%+v", r)
		}
	}
}
