package pipeline

import (
	"context"
	"testing"

	"stsscan/internal/resolver"
)

// A zoneFault is a town in which a fault of this machine meets the first questions for
// zones.
type zoneFault struct {
	*town
	left int
}

func (e *zoneFault) Sweep(
	ctx context.Context, next func([]resolver.Question) (int, bool), yield func([]resolver.Answer),
) error {
	return e.town.Sweep(ctx, next, func(answers []resolver.Answer) {
		for i, a := range answers {
			if a.Tag >= zoneTag && e.left > 0 {
				e.left--
				answers[i] = resolver.Answer{Tag: a.Tag, Rcode: -1, Err: errLocal{}}
			}
		}
		yield(answers)
	})
}

// A fault of this machine that meets the last question says nothing about a zone: the
// domain waits, and is asked again in the same pass.
func TestZoneFault(t *testing.T) {
	const names = 3
	e := &zoneFault{town: newTown(), left: names}
	e.fails = func(string, int) int { return -1 }
	e.dead = func(string) bool { return true }
	s := e.survey(t, listed{parts: 1, size: names}, 1)
	s.Engine = e
	if err := Run(t.Context(), s.Config); err != nil {
		t.Fatal(err)
	}
	for domain, row := range rowsIn(t, s.dir) {
		if row.Pending != "local" || row.RecordReason != "timeout" {
			t.Errorf("%s: %s, pending %q", domain, row.RecordReason, row.Pending)
		}
	}
	if err := Later(t.Context(), s.Config, s.infos()); err != nil {
		t.Fatal(err)
	}
	for domain, row := range rowsIn(t, s.dir) {
		if row.Pending != "" || row.RecordReason != "zone_unreachable" || row.Pass != 1 {
			t.Errorf("%s: %s, pending %q, pass %d", domain, row.RecordReason, row.Pending, row.Pass)
		}
	}
}
