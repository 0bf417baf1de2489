package pipeline

import (
	"context"
	"testing"
	"time"

	"stsscan/internal/output"
)

// errRest is that of a transport that keeps away from a host which wants it.
type errRest struct {
	errLater
	until time.Time
}

func (e errRest) Until() time.Time { return e.until }

// A domain whose Policy Host wants to be left alone is, and holds up no other at
// its address; its part is not written again and again meanwhile.
func TestLaterRest(t *testing.T) {
	t.Parallel()
	const one, rest = "d7.example.com", 2 * time.Second
	w := newTown()
	w.serve = func(string, string) (int, error) { return 0, errLater{} }
	s := w.survey(t, listed{parts: 1, size: 60}, 2)
	s.pace = pace{held: time.Hour, visit: time.Minute, least: 10 * time.Millisecond, most: 100 * time.Millisecond}
	if err := Run(t.Context(), s.Config); err != nil {
		t.Fatal(err)
	}
	if got := s.pending(); got != 60 {
		t.Fatalf("%d rows wait", got)
	}
	until := time.Now().Add(rest)
	tried, wrote := 0, 0
	w.serve = func(domain, _ string) (int, error) {
		if domain == one {
			if tried++; time.Now().Before(until) {
				return 0, errRest{until: until}
			}
		}
		return 200, nil
	}
	note := s.Config.Wrote
	s.Config.Wrote = func(info output.PartInfo) { wrote++; note(info) }
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := Later(ctx, s.Config, s.infos()); err != nil {
		t.Fatalf("%v: %d rows wait", err, s.pending())
	}
	if tried > 2 || wrote > 2 {
		t.Errorf("the domain was tried %d times and the part written %d times, want 2 and 2 at most", tried, wrote)
	}
	if row := rowsIn(t, s.dir)[one]; row.Policy != "valid" || row.Pass != 1 || row.Pending != "" {
		t.Errorf("policy %s, pass %d, pending %q", row.Policy, row.Pass, row.Pending)
	}
}
