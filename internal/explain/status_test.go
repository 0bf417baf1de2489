package explain

import (
	"testing"

	"stsscan/internal/codes"
	"stsscan/internal/output"
)

// A run says how it ended, why, and what to do about it.
func TestStatusText(t *testing.T) {
	counts := output.Counts{Rows: 16249, Record: map[codes.Record]int64{codes.RecordUnknown: 2882}}
	of := func(index int, status output.Status, reasons ...string) *output.Manifest {
		return &output.Manifest{Status: status, Reasons: reasons, Shard: &output.Shard{Index: index, Of: 3}}
	}
	complete := of(0, output.StatusComplete)
	for _, tt := range []struct {
		want string
		run  []*output.Manifest
	}{
		{"complete", []*output.Manifest{{Status: output.StatusComplete}}},
		{
			"suspect: 2,882 of 16,249 records unknown, dead zones apart: more than 1 %",
			[]*output.Manifest{{Status: output.StatusSuspect, Reasons: counts.Doubts()}},
		},
		{
			"incomplete: interrupted; 7 names have no row. Run the same command again to go on.",
			[]*output.Manifest{{
				Status:  output.StatusIncomplete,
				Reasons: []string{"interrupted: run the same command again to go on", "7 names have no row"},
			}},
		},
		{
			"incomplete: the disk; the manifest. Run the same command again to go on.",
			[]*output.Manifest{{Status: output.StatusIncomplete, Reasons: []string{"the disk\nthe manifest\x1b"}}},
		},
		{"running, or killed. Run the same command again to go on.", []*output.Manifest{{Status: output.StatusRunning}}},
		{"complete", []*output.Manifest{complete, of(1, output.StatusComplete), of(2, output.StatusComplete)}},
		{
			"suspect: 2 of 3 shards; shard 1/3 is suspect: first",
			[]*output.Manifest{complete, of(1, output.StatusSuspect, "first"), of(2, output.StatusSuspect, "second")},
		},
		{
			"incomplete: 1 of 3 shards; shard 2/3 is incomplete: interrupted. Run the same command again to go on.",
			[]*output.Manifest{complete, of(1, output.StatusSuspect, "doubt"), of(2, output.StatusIncomplete, "interrupted")},
		},
		{
			"incomplete: 2 of 3 shards have no manifest. Run the same command again to go on.",
			[]*output.Manifest{complete},
		},
	} {
		if got := RunStatusText(tt.run); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
	if got := StatusText(complete); got != "complete" {
		t.Errorf("of one shard: %q", got)
	}
}

func TestWaitText(t *testing.T) {
	for _, tt := range []struct {
		pending map[codes.Pending]int64
		want    string
	}{
		{map[codes.Pending]int64{codes.PendingManners: 1}, "1 domain waits to be asked again: manners 1"},
		{map[codes.Pending]int64{codes.PendingLocal: 2, codes.PendingTransient: 2_000},
			"2,002 domains wait to be asked again: transient 2,000, local 2"},
	} {
		if got := WaitText(output.Counts{Pending: tt.pending}); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}
