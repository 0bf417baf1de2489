package output

import (
	"testing"

	"stsscan/internal/codes"
)

// A run says how it ended, why, and what to do about it.
func TestStatusText(t *testing.T) {
	counts := Counts{Rows: 16249, Record: map[codes.Record]int64{codes.RecordUnknown: 2882}}
	of := func(index int, status Status, reasons ...string) *Manifest {
		return &Manifest{Status: status, Reasons: reasons, Shard: &Shard{Index: index, Of: 3}}
	}
	complete := of(0, StatusComplete)
	for _, tt := range []struct {
		want string
		run  []*Manifest
	}{
		{"complete", []*Manifest{{Status: StatusComplete}}},
		{
			"suspect: 2,882 of 16,249 records unknown, dead zones apart: more than 1 %",
			[]*Manifest{{Status: StatusSuspect, Reasons: counts.Doubts()}},
		},
		{
			"incomplete: interrupted; 7 names have no row. Run the same command again to go on.",
			[]*Manifest{{
				Status:  StatusIncomplete,
				Reasons: []string{"interrupted: run the same command again to go on", "7 names have no row"},
			}},
		},
		{
			"incomplete: the disk; the manifest. Run the same command again to go on.",
			[]*Manifest{{Status: StatusIncomplete, Reasons: []string{"the disk\nthe manifest\x1b"}}},
		},
		{"running, or killed. Run the same command again to go on.", []*Manifest{{Status: StatusRunning}}},
		{"complete", []*Manifest{complete, of(1, StatusComplete), of(2, StatusComplete)}},
		{
			"suspect: 2 of 3 shards; shard 1/3 is suspect: first",
			[]*Manifest{complete, of(1, StatusSuspect, "first"), of(2, StatusSuspect, "second")},
		},
		{
			"incomplete: 1 of 3 shards; shard 2/3 is incomplete: interrupted. Run the same command again to go on.",
			[]*Manifest{complete, of(1, StatusSuspect, "doubt"), of(2, StatusIncomplete, "interrupted")},
		},
		{
			"incomplete: 2 of 3 shards have no manifest. Run the same command again to go on.",
			[]*Manifest{complete},
		},
	} {
		if got := RunStatusText(tt.run); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
	if got := complete.StatusText(); got != "complete" {
		t.Errorf("of one shard: %q", got)
	}
}

func TestGrouped(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 12345678: "12,345,678"} {
		if got := Grouped(n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}
