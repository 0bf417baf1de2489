package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A run that was merged from its shards is counted once, and its run.json stands for the manifests of the shards as
// long as these are as they were then.
func TestMergedRun(t *testing.T) {
	var runs []string
	w := make(world)
	for i := range 70 { // two parts, of three shards
		w.add(good(fmt.Sprintf("d%02d.example.org", i), "1"))
	}
	for _, name := range []string{"first", "second"} {
		dir := filepath.Join(t.TempDir(), name)
		for i := range 3 {
			w.scan(t, dir, "--shard", fmt.Sprintf("%d/3", i), "--part-size", "30")
		}
		if out, err := exec.Command(shared.scanner, "finish", "-q", dir).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		runs = append(runs, dir)
	}
	shard := filepath.Join(runs[0], "run-1-of-3.json")
	kept, err := os.ReadFile(shard)
	if err != nil {
		t.Fatal(err)
	}
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(shard, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	nights := func() map[string]int64 {
		t.Helper()
		counted := make(map[string]int64)
		store := openRuns(t, runs...)
		each(t, store.db, "SELECT run, count(*), bool_and(complete) FROM nights GROUP BY run", func(scan func(...any)) {
			var run string
			var n int64
			var complete bool
			scan(&run, &n, &complete)
			if counted[filepath.Base(run)] = n; !complete {
				t.Errorf("%s is not complete", run)
			}
		})
		return counted
	}
	want := func(rows int64, shards int, status string) {
		t.Helper()
		run, err := ReadRun(runs[0])
		if err != nil {
			t.Fatal(err)
		}
		if run.Rows != rows || run.Shards != shards || run.Status != status {
			t.Errorf("%d rows of %d shards, %s, want %d of %d, %s", run.Rows, run.Shards, run.Status, rows, shards, status)
		}
	}

	want(70, 3, "complete")
	if got := fmt.Sprint(nights()); got != "map[first:1 second:1]" {
		t.Errorf("nights: %s", got)
	}
	var rows, domains int64
	each(t, openRuns(t, runs[0]).db, "SELECT count(*), count(DISTINCT domain) FROM rows", func(scan func(...any)) {
		scan(&rows, &domains)
	})
	if rows != 70 || domains != 70 {
		t.Errorf("%d rows of %d domains", rows, domains)
	}

	// A shard is scanned again, by a program that left run.json as it was.
	write(strings.Replace(string(kept), `"status": "complete"`, `"status": "running"`, 1))
	want(70, 3, "running")
	_, err = OpenStore(t.Context(), StoreConfig{}, runs...)
	if err == nil || !strings.Contains(err.Error(), "no baseline") {
		t.Errorf("a shard is running: %v", err)
	}
	if _, err := ReadRuns(runs); !errors.Is(err, ErrNoBaseline) {
		t.Errorf("a shard is running: %v", err)
	}

	// Manifests of shards are removed.
	for _, name := range []string{shard, filepath.Join(runs[0], "run-2-of-3.json")} {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
	want(70, 3, "complete")
	if got := fmt.Sprint(nights()); got != "map[first:1 second:1]" {
		t.Errorf("nights without manifests of shards: %s", got)
	}
}
