package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// A run of several shards says of each why it is suspect, or not complete.
func TestReasonsOfShards(t *testing.T) {
	const doubt = "9 of 50 records are unknown"
	for _, test := range []struct {
		shards [3]string // status of each
		status string
		want   string
	}{
		{[3]string{"complete", "complete", "complete"}, "complete", ""},
		{
			[3]string{"suspect", "complete", "suspect"}, "suspect",
			"This run is complete, and there is reason to doubt its figures. Shard 0 of 3: " + doubt + "; shard 2 of 3: " + doubt + ".",
		},
		{
			[3]string{"suspect", "interrupted", "complete"}, "interrupted",
			"This run is interrupted: its figures are those of the domains that it came to. " +
				"Shard 0 of 3: " + doubt + "; shard 1 of 3: " + doubt + ".",
		},
	} {
		dir := t.TempDir()
		for i, status := range test.shards {
			reasons := fmt.Sprintf("[%q]", doubt)
			if status == "complete" {
				reasons = "null"
			}
			text := fmt.Sprintf(`{"schema_version": "2", "status": %q, "reasons": %s, "shard": {"index": %d, "of": 3}}`,
				status, reasons, i)
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("run-%d-of-3.json", i)), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		run, err := ReadRun(dir)
		if err != nil {
			t.Fatal(err)
		}
		if got := run.warning(); run.Status != test.status || got != test.want {
			t.Errorf("%q: %s, %q, want %s, %q", test.shards, run.Status, got, test.status, test.want)
		}
	}
}
