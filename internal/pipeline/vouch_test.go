package pipeline

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"

	"stsscan/internal/resolver"
)

// A doubtful is a town whose vouching the test decides.
type doubtful struct {
	*town
	vouch func(from, to time.Time) resolver.Trust

	mu    sync.Mutex
	times map[resolver.Trust]int
}

func (d *doubtful) Vouch(from, to time.Time) resolver.Trust {
	trust := d.vouch(from, to)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.times[trust]++
	return trust
}

// A part whose answers are not to be believed leaves no file and nothing in the counts: it is scanned again, its
// policies not before the time of a pass. One that is not judged yet waits.
func TestDistrust(t *testing.T) {
	const patience = 3 * vouchInterval
	w := newTown()
	began := time.Now()
	var until time.Time // answers up to here are lies: up to the first judgement
	w.fails = func(domain string, _ int) int {
		if strings.HasPrefix(domain, "d1") {
			return dns.RcodeServerFailure // for good: asked in two passes
		}
		return 0
	}
	d := &doubtful{town: w, times: make(map[resolver.Trust]int)}
	d.vouch = func(from, to time.Time) resolver.Trust {
		if until.IsZero() {
			until = time.Now()
		}
		switch {
		case from.Before(until):
			return resolver.Distrusted
		case time.Since(to) < patience:
			return resolver.Waiting
		}
		return resolver.Trusted
	}
	s := w.survey(t, listed{parts: 4, size: 10}, 2)
	s.Engine = d
	if err := Run(t.Context(), s.Config); err != nil {
		t.Fatal(err)
	}
	discarded := d.times[resolver.Distrusted]
	if discarded == 0 || d.times[resolver.Waiting] == 0 {
		t.Fatalf("judged %v", d.times)
	}
	counts := s.Stats.Counts()
	if counts.Domains() != 40 || counts.Discarded != int64(discarded) || counts.Transient != 11 || len(s.parts) != 4 {
		t.Errorf("counts %+v, %d parts", counts, len(s.parts))
	}
	if time.Since(began) < passDelay {
		t.Error("policies were asked for again at once")
	}

	until = time.Time{} // of the revisits too
	if err := Repass(t.Context(), s.Config, s.infos()); err != nil {
		t.Fatal(err)
	}
	if rows := rowsIn(t, s.dir); len(rows) != 40 || rows["d1.example.com"].Pass != 2 {
		t.Errorf("%d rows, %+v", len(rows), rows["d1.example.com"])
	}
	counts = s.Stats.Counts()
	if counts.Domains() != 40 || counts.Transient != 0 || counts.AskedAgain != 11 || s.pending() != 0 {
		t.Errorf("at the end %+v", counts)
	}
	if n := d.times[resolver.Distrusted]; counts.Discarded != int64(n) || n == discarded {
		t.Errorf("%d parts were discarded, want %d", counts.Discarded, n)
	}
}

// A run that is asked to stop while parts must be scanned once more says so, and so does one without a vouched
// part.
func TestDistrustAndStop(t *testing.T) {
	w := newTown()
	ctx, stop := context.WithCancel(t.Context())
	d := &doubtful{town: w, times: make(map[resolver.Trust]int), vouch: func(_, _ time.Time) resolver.Trust {
		stop()
		return resolver.Distrusted
	}}
	s := w.survey(t, listed{parts: 2, size: 5}, 1)
	s.Engine = d
	s.PassDelay = time.Hour
	if err := Run(ctx, s.Config); !errors.Is(err, ErrInterrupted) || len(s.parts) != 0 {
		t.Errorf("error %v, %d parts", err, len(s.parts))
	}
	if counts := s.Stats.Counts(); counts.Domains() != 0 {
		t.Errorf("counts %+v", counts)
	}
}

// An outage costs a survey no try: it waits until there is an upstream.
func TestOutageCostsNoTries(t *testing.T) {
	w := newTown()
	o := &outage{town: w, back: time.Now().Add(2 * time.Second)}
	s := w.survey(t, listed{parts: 1, size: 20}, 1)
	s.Engine, s.Client.Exchanger = o, o
	if err := Run(t.Context(), s.Config); err != nil {
		t.Fatal(err)
	}
	for domain, row := range rowsIn(t, s.dir) {
		if row.Record != "valid" {
			t.Errorf("%s: %s", domain, row.Record)
		}
	}
	if faults := s.Stats.Counts().LocalFaults; faults > 20 {
		t.Errorf("%d faults", faults)
	}
}

// An outage is a town without an upstream until a moment.
type outage struct {
	*town
	back time.Time
}

func (o *outage) Await(ctx context.Context) error {
	select {
	case <-time.After(time.Until(o.back)):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (o *outage) Sweep(
	ctx context.Context, next func([]resolver.Question) (int, bool), yield func([]resolver.Answer),
) error {
	return o.town.Sweep(ctx, next, func(answers []resolver.Answer) {
		for i := range answers {
			answers[i] = resolver.Answer{Tag: answers[i].Tag, Rcode: -1, Err: errLocal{}}
		}
		yield(answers)
	})
}
