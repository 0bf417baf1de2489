package explain

import (
	"strings"
	"testing"
	"time"

	"stsscan/internal/output"
)

func TestFinishedBefore(t *testing.T) {
	ended := time.Date(2026, 11, 29, 2, 10, 0, 0, time.UTC)
	for after, want := range map[time.Duration]string{
		-time.Hour:       "0 seconds ago", // the clock was wrong
		3 * time.Second:  "3 seconds ago",
		9 * time.Minute:  "9 minutes ago",
		26 * time.Hour:   "26 hours ago",
		50 * time.Hour:   "2 days ago",
		800 * time.Hour:  "33 days ago",
		90 * time.Minute: "90 minutes ago",
	} {
		said := FinishedBefore(&output.Manifest{EndedAt: &ended}, ended.Add(after))
		if said != "run finished "+want+"; nothing was scanned now: use another -o for a new scan" {
			t.Errorf("%v: %s", after, said)
		}
	}
	if said := FinishedBefore(&output.Manifest{}, ended); !strings.HasPrefix(said, "run finished before;") {
		t.Error(said)
	}
}
