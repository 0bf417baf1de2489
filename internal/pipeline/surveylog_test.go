package pipeline

import (
	"os"
	"sync/atomic"
	"testing"
	"time"

	"stsscan/internal/output"
)

// A process that is killed leaves a log of what its surveys have found. The next one asks no Policy Host again that
// was asked, and those whose answer was lost only when the time between two passes is over.
func TestKilledAmongSurveys(t *testing.T) {
	const names, before, surveys = 60, 35, 4
	list := listed{parts: 1, size: names}
	first := newTown()
	var served, stuck atomic.Int64
	release := make(chan struct{})
	first.serve = func(string, string) (int, error) {
		if served.Add(1) > before {
			stuck.Add(1)
			<-release
		}
		return 200, nil
	}
	killed := first.survey(t, list, 2)
	killed.Surveys = surveys
	done := make(chan error, 1)
	go func() { done <- Run(t.Context(), killed.Config) }()
	for stuck.Load() < surveys { // then all the others have ended
		time.Sleep(time.Millisecond)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(killed.dir)); err != nil {
		t.Fatal(err)
	}
	close(release)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(killed.dir); err != nil || len(left) != 1 {
		t.Errorf("left beside the part: %v, %v", left, err)
	}

	second := newTown()
	s := second.survey(t, list, 2)
	s.PassDelay = time.Minute
	dataset, err := output.Open(dir, output.Identity{Input: "test"})
	if err != nil {
		t.Fatal(err)
	}
	s.dir, s.Dataset = dir, dataset
	if err := Run(t.Context(), s.Config); err != nil {
		t.Fatal(err)
	}
	if got := s.pending(); got != surveys || s.parts[0].Counts.Pending["interrupted"] != surveys {
		t.Errorf("%d rows wait, want the %d whose answer was lost: %v", got, surveys, s.parts[0].Counts.Pending)
	}
	if got := len(second.fetches); got != names-before-surveys {
		t.Errorf("%d policies were fetched, want those of %d", got, names-before-surveys)
	}
	s.PassDelay = 0
	if err := Repass(t.Context(), s.Config, s.infos()); err != nil {
		t.Fatal(err)
	}
	rows := rowsIn(t, dir)
	if len(rows) != names || s.pending() != 0 {
		t.Errorf("%d rows, %d wait", len(rows), s.pending())
	}
	for domain, row := range rows {
		if row.Policy != "valid" || row.Pass != 1 || row.FirstRecord != "" || row.ObservedAt.IsZero() {
			t.Errorf("%s: policy %s, pass %d", domain, row.Policy, row.Pass)
		}
		if n := first.fetches[domain] + second.fetches[domain]; n != 1 && n != 2 {
			t.Errorf("%s: fetched %d times", domain, n)
		}
	}
	if got := len(second.fetches); got != names-before {
		t.Errorf("%d policies were fetched in the end, want those of %d", got, names-before)
	}
}

// The names of a part that is lost are asked again at once, and none of their policies before the time between two
// passes is over.
func TestPartLost(t *testing.T) {
	const names = 20
	list := listed{parts: 1, size: names}
	w := newTown()
	s := w.survey(t, list, 2)
	s.PassDelay = time.Hour
	if err := s.Dataset.LogLost(0, time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := Run(t.Context(), s.Config); err != nil {
		t.Fatal(err)
	}
	if waits := s.parts[0].Counts.Pending["interrupted"]; waits != names || len(w.fetches) != 0 ||
		len(w.lookups) != names {
		t.Errorf("%d rows wait, %d policies were fetched, %d records asked for", waits, len(w.fetches), len(w.lookups))
	}
	s.PassDelay = 0
	if err := Repass(t.Context(), s.Config, s.infos()); err != nil {
		t.Fatal(err)
	}
	if s.pending() != 0 || len(w.fetches) != names {
		t.Errorf("in the end %d rows wait, and %d policies were fetched", s.pending(), len(w.fetches))
	}
}
