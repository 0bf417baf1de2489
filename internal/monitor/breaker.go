package monitor

import (
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// A Breaker guards one upstream. While it is open, the upstream gets canaries and no other question. The zero Breaker
// is closed. The monitor of the upstream opens and closes it; all may read it concurrently.
type Breaker struct {
	// Silence counts the first questions to the upstream that met silence.
	Silence Silence

	open         atomic.Bool
	distrusted   atomic.Bool   // open because of a wrong answer
	opened       atomic.Int64  // when it was last opened; 0: never
	lastGood     atomic.Int64  // when the last canaries that were answered well were sent
	canaryWanted chan struct{} // capacity 1: a failure waits for the next canary; nil: there is no monitor

	mu              sync.Mutex
	distrustedSpans []span // when answers are not to be believed
}

// A span is a time from one moment to another.
type span struct{ from, to time.Duration }

// IsOpen reports whether the upstream is stopped.
func (b *Breaker) IsOpen() bool { return b.open.Load() }

// IsDistrusted reports whether it was stopped because of a wrong answer. What still arrives from it is not to be
// read.
func (b *Breaker) IsDistrusted() bool { return b.distrusted.Load() }

// Opened is when the breaker was last opened; 0: never.
func (b *Breaker) Opened() time.Duration { return time.Duration(b.opened.Load()) }

// OpenedSince reports whether the breaker was opened after a moment. One that had been open for longer let no
// question through.
func (b *Breaker) OpenedSince(moment time.Duration) bool {
	opened := b.Opened()
	return opened > 0 && opened >= moment
}

// LastGood is when the last canaries that were answered well were sent. What was heard before may count.
func (b *Breaker) LastGood() time.Duration { return time.Duration(b.lastGood.Load()) }

// NoteGood notes that canaries that were sent at a moment were answered well.
func (b *Breaker) NoteGood(sent time.Duration) { b.lastGood.Store(int64(sent)) }

// WantCanary asks for a canary soon.
func (b *Breaker) WantCanary() {
	select {
	case b.canaryWanted <- struct{}{}:
	default:
	}
}

// Trip opens the breaker. After a wrong answer to a canary, what was answered since the last good one is not to be
// believed. The clock is read when no more questions go out, so that the breaker counts as opened after the last of
// them.
func (b *Breaker) Trip(clock func() time.Duration, wrong bool) {
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
func (b *Breaker) distrust(until time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	from := b.LastGood()
	if n := len(b.distrustedSpans); n > 0 && b.distrustedSpans[n-1].to >= from {
		b.distrustedSpans[n-1].to = until
		return
	}
	b.distrustedSpans = append(b.distrustedSpans, span{from, until})
}

// Reset closes the breaker.
func (b *Breaker) Reset() {
	b.distrusted.Store(false)
	b.open.Store(false)
}

// Distrusts reports whether answers from one moment to another are not to be believed.
func (b *Breaker) Distrusts(from, to time.Duration) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, d := range b.distrustedSpans {
		if from <= d.to && to >= d.from {
			return true
		}
	}
	return false
}
