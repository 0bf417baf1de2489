package resolver

import (
	"math"
	"sync"
	"sync/atomic"
	"time"

	"stsscan/internal/window"
)

// A breaker is the breaker of one upstream. While it is open, the upstream gets
// canaries and no other question. The zero guard is closed.
type breaker struct {
	open         atomic.Bool
	distrusted   atomic.Bool   // open because of a wrong answer: what still arrives is not read
	opened       atomic.Int64  // when it was last opened, in nanoseconds since the Resolver began; 0: never
	lastGood     atomic.Int64  // when the last canaries that came out well were sent
	canaryWanted chan struct{} // capacity 1: a failure waits for the next canary

	silence window.Silence // of its first questions

	mu              sync.Mutex
	distrustedSpans []span // in which answers are not to be believed
}

// A span is a time since the Resolver began.
type span struct{ from, to time.Duration }

// wantCanary asks for a canary soon.
func (g *breaker) wantCanary() {
	select {
	case g.canaryWanted <- struct{}{}:
	default:
	}
}

// since reports whether the breaker was opened after a moment. One that had been open
// for longer let no question through.
func (g *breaker) openedSince(moment time.Duration) bool {
	opened := g.opened.Load()
	return opened > 0 && opened >= int64(moment)
}

// trip opens the breaker. What was answered since the last good canary is not
// to be believed where the answer to a canary was wrong. The clock is read when no more
// questions go out, so that it was opened after the last of them.
func (g *breaker) trip(clock func() time.Duration, wrong bool) {
	g.opened.Store(math.MaxInt64)
	if wrong {
		g.distrusted.Store(true)
	}
	g.open.Store(true)
	now := clock()
	g.opened.Store(int64(now))
	if wrong {
		g.distrust(now)
	}
}

// distrust notes that answers since the last good canary are not to be believed.
func (g *breaker) distrust(until time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	from := time.Duration(g.lastGood.Load())
	if n := len(g.distrustedSpans); n > 0 && g.distrustedSpans[n-1].to >= from {
		g.distrustedSpans[n-1].to = until
		return
	}
	g.distrustedSpans = append(g.distrustedSpans, span{from, until})
}

// reset closes the breaker.
func (g *breaker) reset() {
	g.distrusted.Store(false)
	g.open.Store(false)
}

// distrusts reports whether answers of a span are not to be believed.
func (g *breaker) distrusts(s span) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, w := range g.distrustedSpans {
		if s.from <= w.to && s.to >= w.from {
			return true
		}
	}
	return false
}
