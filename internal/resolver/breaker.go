package resolver

import (
	"math"
	"sync"
	"sync/atomic"
	"time"

	"stsscan/internal/window"
)

// A breaker guards one upstream. While it is open, the upstream gets canaries and no other question. The zero
// breaker is closed. The monitor of the upstream writes it, all goroutines read it.
type breaker struct {
	open         atomic.Bool
	distrusted   atomic.Bool   // open because of a wrong answer: what still arrives is not read
	opened       atomic.Int64  // when it was last opened, in nanoseconds since the Resolver began; 0: never
	lastGood     atomic.Int64  // when the last canaries that were answered well were sent
	canaryWanted chan struct{} // capacity 1: a failure waits for the next canary

	silence window.Silence // of its first questions

	mu              sync.Mutex
	distrustedSpans []span // in which answers are not to be believed
}

// A span is a time since the Resolver began.
type span struct{ from, to time.Duration }

// wantCanary asks for a canary soon.
func (b *breaker) wantCanary() {
	select {
	case b.canaryWanted <- struct{}{}:
	default:
	}
}

// openedSince reports whether the breaker was opened after a moment. One that had been open for longer let no
// question through.
func (b *breaker) openedSince(moment time.Duration) bool {
	opened := b.opened.Load()
	return opened > 0 && opened >= int64(moment)
}

// trip opens the breaker. After a wrong answer to a canary, what was answered since the last good one is not to
// be believed. The clock is read when no more questions go out, so that the breaker counts as opened after the
// last of them.
func (b *breaker) trip(clock func() time.Duration, wrong bool) {
	b.opened.Store(math.MaxInt64)
	if wrong {
		b.distrusted.Store(true)
	}
	b.open.Store(true)
	now := clock()
	b.opened.Store(int64(now))
	if wrong {
		b.distrust(now)
	}
}

// distrust notes that answers since the last good canary are not to be believed.
func (b *breaker) distrust(until time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	from := time.Duration(b.lastGood.Load())
	if n := len(b.distrustedSpans); n > 0 && b.distrustedSpans[n-1].to >= from {
		b.distrustedSpans[n-1].to = until
		return
	}
	b.distrustedSpans = append(b.distrustedSpans, span{from, until})
}

// reset closes the breaker.
func (b *breaker) reset() {
	b.distrusted.Store(false)
	b.open.Store(false)
}

// distrusts reports whether answers of a span are not to be believed.
func (b *breaker) distrusts(s span) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, d := range b.distrustedSpans {
		if s.from <= d.to && s.to >= d.from {
			return true
		}
	}
	return false
}
