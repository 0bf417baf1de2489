package resolver

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/miekg/dns"

	"stsscan/internal/codes"
)

func TestSweepCancelled(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("stopped by the test")
	s := serve(t, func(q *dns.Msg, send func([]byte)) {
		switch n := number(q); {
		case n < 50:
			good(q, send)
		case n >= 60:
			cancel(stop)
		}
	}, nil)
	var g gathered
	err := open(t, Config{InFlight: 20}, s).Sweep(ctx, listed(1<<30), g.yield)
	if !errors.Is(err, stop) {
		t.Errorf("error %v, want the cause of the context", err)
	}
	for tag, answers := range g.answers {
		if tag >= 50 || answers[0].Outcome != Reply {
			t.Errorf("tag %d: %+v", tag, answers)
		}
	}
}

// When no upstream answers, the sweep stops, and no domain is blamed.
func TestSweepSilence(t *testing.T) {
	t.Parallel()
	dead := serve(t, silence, nil)
	closed := serve(t, good, nil)
	closed.close()
	for title, servers := range map[string][]*server{
		"silent":            {dead},
		"closed":            {closed},
		"silent and closed": {dead, closed},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			const workers = 100
			var g gathered
			r := open(t, Config{Timeout: 4 * brevity, InFlight: workers}, servers...)
			if err := r.Sweep(t.Context(), listed(1<<30), g.yield); !errors.Is(err, ErrSilent) {
				t.Fatalf("error %v, want %v", err, ErrSilent)
			}
			if spent := len(g.answers); spent < probeAfter || spent > silentAfter+2*workers {
				t.Errorf("%d questions were spent", spent)
			}
			for _, answers := range g.answers {
				wantError(t, answers[0].Err, "", true)
			}
		})
	}
}

// Many dead domains in a row behind a resolver that answers are no silence.
func TestSweepDeadDomains(t *testing.T) {
	t.Parallel()
	const n = 2 * silentAfter
	var g gathered
	r := open(t, Config{Timeout: fairness, InFlight: n, Floor: n}, serve(t, lively(silence), nil))
	if err := r.Sweep(t.Context(), listed(n), g.yield); err != nil || len(g.answers) != n {
		t.Fatalf("%d answers, error %v", len(g.answers), err)
	}
	for _, answers := range g.answers {
		wantError(t, answers[0].Err, codes.RecordTimeout, false)
	}
}

// An outage that ends before the row is long does not end the sweep.
func TestSweepOutage(t *testing.T) {
	var asked atomic.Int64
	s := serve(t, func(q *dns.Msg, send func([]byte)) {
		if n := asked.Add(1); n < 200 || n > 260 {
			good(q, send)
		}
	}, nil)
	var g gathered
	r := open(t, Config{Timeout: 3 * brevity, InFlight: 20, Retries: 5}, s)
	if err := r.Sweep(t.Context(), listed(500), g.yield); err != nil || len(g.answers) != 500 {
		t.Fatalf("%d answers, error %v", len(g.answers), err)
	}
	for tag, answers := range g.answers {
		if answers[0].Outcome != Reply {
			t.Errorf("tag %d: %v", tag, answers[0].Err)
		}
	}
}

// Close ends a sweep: each question that was taken has an answer, with a local error.
func TestSweepClosed(t *testing.T) {
	asked := make(chan struct{})
	var once sync.Once
	s := serve(t, func(q *dns.Msg, send func([]byte)) {
		switch n := number(q); {
		case n < 50:
			good(q, send)
		case n == 50:
			cut(q, send) // on its way over TCP
		case n >= 60:
			once.Do(func() { close(asked) })
		}
	}, func(c net.Conn) {
		_, _ = tcpQuestion(c)
		_, _ = tcpQuestion(c) // until the other side closes
	})
	r := open(t, Config{InFlight: 20, Lanes: 1}, s)
	go func() { <-asked; r.Close() }()
	var taken int
	next := listed(1 << 30)
	var g gathered
	err := r.Sweep(t.Context(), func(into []Question) (int, bool) {
		n, more := next(into)
		taken += n
		return n, more
	}, g.yield)
	if !errors.Is(err, net.ErrClosed) {
		t.Errorf("error %v, want %v", err, net.ErrClosed)
	}
	if len(g.answers) != taken {
		t.Errorf("%d answers to %d questions", len(g.answers), taken)
	}
	for tag, answers := range g.answers {
		if len(answers) != 1 {
			t.Errorf("tag %d: %d answers", tag, len(answers))
		}
		if answers[0].Outcome == Failed {
			wantError(t, answers[0].Err, "", true)
		} else if tag >= 50 {
			t.Errorf("tag %d: %+v", tag, answers[0])
		}
	}
}
