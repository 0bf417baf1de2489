package pipeline

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"stsscan/internal/output"
)

var errOvertaken = errors.New("another process goes on with this run")

// loses calls a stage of a run whose context ends for a cause of its own when so much is stuck. It must end with
// that cause.
func (e *stuckTown) loses(t *testing.T, hits int64, stage func(ctx context.Context) error) {
	t.Helper()
	e.hits.Store(0)
	ctx, lose := context.WithCancelCause(t.Context())
	defer lose(nil)
	ended := make(chan error, 1)
	go func() { ended <- stage(ctx) }()
	for e.hits.Load() < hits {
		select {
		case err := <-ended:
			t.Fatalf("the run ended by itself: %v", err)
		case <-time.After(5 * time.Millisecond):
		}
	}
	lose(errOvertaken)
	if err := <-ended; !errors.Is(err, errOvertaken) {
		t.Errorf("the run ended with %v", err)
	}
}

// files are the names of the files in the directory of a run, the logs of surveys apart.
func (s *townSurvey) files(t *testing.T) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if !strings.HasPrefix(entry.Name(), ".surveys-") {
			names = append(names, entry.Name())
		}
	}
	return names
}

// A run whose context ends for a cause of its own has no grace, whatever it waits for: it writes nothing more.
func TestNoGrace(t *testing.T) {
	for _, what := range []string{"sweep", "lane", "lookup", "policy", "mail", "await", "doubt"} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			e := newStuckTown()
			e.stuck = func(kind, _ string) bool { return kind == what }
			s := e.survey(t)
			s.grace = grace{inFlight: time.Hour, total: 2 * time.Hour}
			e.loses(t, 1, func(ctx context.Context) error { return Run(ctx, s.Config) })
			if files := s.files(t); len(files) > 0 {
				t.Errorf("there are %v", files)
			}
		})
	}
}

// So it is in later passes, also while all wait for their turn.
func TestNoGraceOfRepass(t *testing.T) {
	for _, what := range []string{"policy", "pause"} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			e := newStuckTown()
			e.serve = func(string, string) (int, error) { return 503, nil }
			s := e.survey(t)
			s.grace = grace{inFlight: time.Hour, total: 2 * time.Hour}
			if err := Run(t.Context(), s.Config); err != nil {
				t.Fatal(err)
			}
			files := s.files(t)
			hits := int64(1)
			e.stuck = func(kind, _ string) bool { return kind == what }
			if what == "pause" {
				s.PassDelay, hits = time.Hour, 0
			}
			wrote := false
			s.Wrote = func(output.PartInfo) { wrote = true }
			e.loses(t, hits, func(ctx context.Context) error { return Repass(ctx, s.Config, s.infos()) })
			if now := s.files(t); !slices.Equal(files, now) || wrote {
				t.Errorf("before %v, and now %v; a part was written: %v", files, now, wrote)
			}
		})
	}
}
