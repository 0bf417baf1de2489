package survey

import (
	"context"
	"log/slog"
	"runtime/metrics"
	"sync"
	"time"
)

// stallTime is how late a clock may be before the process was stopped, or had no
// processor: then time-outs are no findings. A goroutine that could have run and
// had to wait for half of it tells of the same: with its share of all the waits of
// a handshake, a time limit of seconds is soon used up by us alone.
const stallTime = 2 * time.Second

// logInterval is how often stalls, and faults of this machine, are logged.
const logInterval = 5 * time.Second

// stallLook is how often the clock is looked at.
const stallLook = stallTime / 4

// A stalled is how often this process was stopped or starved until a moment.
type stalled struct {
	times int64
	time  time.Duration // in sum; each counts as stallTime at least, or from the one before
}

// A stallWatch counts the times that this process was stopped or starved. The
// zero stallWatch has counted none.
type stallWatch struct {
	mu      sync.Mutex
	ticked  time.Time // when the clock was looked at last; zero: nobody looks at it regularly
	counted bool      // there is a count of goroutines to compare with
	waited  uint64    // goroutines that had waited too long, then
	stalled stalled
	last    time.Time // when the last of them was seen
	said    time.Time // when a stall was logged last
	sample  [1]metrics.Sample
}

// seen are the stalls that were seen so far.
func (w *stallWatch) seen() stalled {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.stalled
}

// tick looks at the clock and at the scheduler, and is to be called every
// stallLook.
func (w *stallWatch) tick(now time.Time, log *slog.Logger) {
	w.look(now, log)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ticked = now
}

// look gives the stalls until now.
func (w *stallWatch) look(now time.Time, log *slog.Logger) stalled {
	w.mu.Lock()
	defer w.mu.Unlock()
	waited := w.waitedTooLong()
	late := now.Sub(w.ticked) - stallLook
	if w.ticked.IsZero() {
		late = 0
	}
	if late > stallTime || w.counted && waited > w.waited {
		w.stalled.times++
		w.stalled.time += max(late, min(stallTime, now.Sub(w.last)))
		w.last = now
		if !w.ticked.IsZero() {
			w.ticked = now // what is counted is counted once
		}
		if now.Sub(w.said) >= logInterval {
			w.said = now
			log.Warn("this process was stopped, or starved: what failed meanwhile is asked again",
				"late", max(0, late).Round(time.Millisecond), "goroutines", waited-w.waited)
		}
	}
	w.counted, w.waited = true, waited
	return w.stalled
}

// waitedTooLong is how many goroutines have waited for a processor for half of
// stallTime or more since the process began, of those that the runtime measures:
// about one switch in eight.
func (w *stallWatch) waitedTooLong() (n uint64) {
	w.sample[0].Name = "/sched/latencies:seconds"
	metrics.Read(w.sample[:])
	if w.sample[0].Value.Kind() != metrics.KindFloat64Histogram {
		return 0 // a runtime that does not say
	}
	waits := w.sample[0].Value.Float64Histogram()
	for i, count := range waits.Counts {
		if waits.Buckets[i] >= (stallTime / 2).Seconds() {
			n += count
		}
	}
	return n
}

// watch looks at the clock until ctx ends.
func (w *stallWatch) watch(ctx context.Context, log *slog.Logger) {
	ticker := time.NewTicker(stallLook)
	defer ticker.Stop()
	for {
		w.tick(time.Now(), log)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
