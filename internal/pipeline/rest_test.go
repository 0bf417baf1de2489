package pipeline

import (
	"context"
	"errors"
	"slices"
	"sync"
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

// A domain whose Policy Host wants to be left alone is, and holds up no other at its address; its part is not
// written again and again meanwhile.
func TestRepassRetryAfter(t *testing.T) {
	t.Parallel()
	const one, rest = "d7.example.com", 2 * time.Second
	w := newTown()
	w.serve = func(string, string) (int, error) { return 0, errLater{} }
	s := w.survey(t, listed{parts: 1, size: 60}, 2)
	s.intervals = intervals{hold: time.Hour, revisit: time.Minute, minPause: 10 * time.Millisecond,
		maxPause: 100 * time.Millisecond}
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
	if err := Repass(ctx, s.Config, s.infos()); err != nil {
		t.Fatalf("%v: %d rows wait", err, s.pending())
	}
	if tried > 2 || wrote > 2 {
		t.Errorf("the domain was tried %d times and the part written %d times, want 2 and 2 at most", tried, wrote)
	}
	if row := rowsIn(t, s.dir)[one]; row.Policy != "valid" || row.Pass != 1 || row.Pending != "" {
		t.Errorf("policy %s, pass %d, pending %q", row.Policy, row.Pass, row.Pending)
	}
}

// A fault of ours that lasts ends the run also where an address has more domains than may be asked there within a
// pass: to be put off meanwhile settles nothing.
func TestLastingFaultAtOneAddress(t *testing.T) {
	t.Parallel()
	w := newTown()
	var mu sync.Mutex
	var asked []time.Time // the latest, at the address
	w.serve = func(string, string) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		now := time.Now()
		asked = slices.DeleteFunc(asked, func(at time.Time) bool { return now.Sub(at) > 200*time.Millisecond })
		if len(asked) == 4 {
			return 0, errLater{}
		}
		asked = append(asked, now)
		return 0, errLocal{}
	}
	s := w.survey(t, listed{parts: 2, size: 30}, 2)
	s.tries = 1
	s.intervals = intervals{hold: 50 * time.Millisecond, revisit: time.Minute, minPause: 10 * time.Millisecond,
		maxPause: 20 * time.Millisecond}
	if err := Run(t.Context(), s.Config); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := Repass(ctx, s.Config, s.infos()); !errors.Is(err, ErrLocalFault) {
		t.Fatalf("error %v", err)
	}
	for domain, row := range rowsIn(t, s.dir) {
		if row.Pending != "local" && row.Pending != "manners" {
			t.Errorf("%s: pending %q", domain, row.Pending)
		}
	}
}

// Before a fault of ours is said to last, all that it got in the way of was asked once more and a last time,
// however far apart their times are.
func TestLastingFaultInItsTurn(t *testing.T) {
	t.Parallel()
	w := newTown()
	w.serve = func(string, string) (int, error) { return 0, errLocal{} }
	s := w.survey(t, listed{parts: 3, size: 1}, 2)
	s.tries, s.PassDelay = 1, time.Second
	for k := range 3 {
		time.Sleep(1200 * time.Millisecond)
		s.Source = &only{k: k}
		if err := Run(t.Context(), s.Config); err != nil {
			t.Fatal(err)
		}
	}
	if err := Repass(t.Context(), s.Config, s.infos()); !errors.Is(err, ErrLocalFault) {
		t.Fatalf("error %v", err)
	}
	for rank := range int64(3) {
		if times := w.lookups[domainOf(rank+1)] - 1; times < 2 {
			t.Errorf("%s was asked again %d times", domainOf(rank+1), times)
		}
	}
}
