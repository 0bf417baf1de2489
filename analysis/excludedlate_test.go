package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// Names that were excluded late are those of all shards, and the report tells them.
func TestExcludedLate(t *testing.T) {
	dir := t.TempDir()
	for shard, late := range []int{2, 0, 1003} {
		text := fmt.Sprintf(`{"schema_version": "1", "status": "complete", "shard": {"index": %d, "of": 3}, `+
			`"excluded_late": %d}`, shard, late)
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("run-%d-of-3.json", shard)), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	run, err := ReadRun(dir)
	if err != nil {
		t.Fatal(err)
	}
	said := ""
	for _, fact := range (&Report{Runs: []Run{run}}).facts() {
		if fact.Label == "Excluded late" {
			said = fact.Value
		}
	}
	if want := "1,005 domains opted out while the run lasted, and have no row"; said != want {
		t.Errorf("%q, want %q", said, want)
	}
}
