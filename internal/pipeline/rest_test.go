package pipeline

import (
	"testing"
	"testing/synctest"
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
	synctest.Test(t, func(t *testing.T) {
		const one, rest = "d7.example.com", 10 * time.Minute
		w := newTown()
		w.serve = func(string, string) (int, error) { return 0, errLater{} }
		s := w.survey(t, listed{parts: 1, size: 60}, 2)
		if err := Run(t.Context(), s.Config); err != nil {
			t.Fatal(err)
		}
		if got := s.pending(); got != 60 {
			t.Fatalf("%d rows wait", got)
		}
		began := time.Now()
		var others time.Duration
		tried, wrote := 0, 0
		w.serve = func(domain, _ string) (int, error) {
			if domain == one {
				if tried++; time.Since(began) < rest {
					return 0, errRest{until: began.Add(rest)}
				}
				return 200, nil
			}
			others = time.Since(began)
			return 200, nil
		}
		note := s.Config.Wrote
		s.Config.Wrote = func(info output.PartInfo) { wrote++; note(info) }
		if err := Later(t.Context(), s.Config, s.infos()); err != nil {
			t.Fatal(err)
		}
		if others > 10*time.Second {
			t.Errorf("the others were done after %v", others)
		}
		if took := time.Since(began); took > rest+2*time.Minute || tried != 2 || wrote != 2 {
			t.Errorf("took %v, the domain was tried %d times and the part written %d times, want 2 and 2", took, tried, wrote)
		}
		if row := rowsIn(t, s.dir)[one]; row.Policy != "valid" || row.Pass != 1 || row.Pending != "" {
			t.Errorf("policy %s, pass %d, pending %q", row.Policy, row.Pass, row.Pending)
		}
	})
}
