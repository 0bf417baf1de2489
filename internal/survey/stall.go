package survey

import (
	"context"
	"log/slog"
	"runtime/metrics"
	"sync"
	"time"
)

// stallTime is how late a clock may be before the process counts as stopped, or without a processor: then time-outs
// are no findings. A goroutine that could have run and waited half as long counts too: a handshake waits several
// times, and so uses up a limit of seconds by our own fault.
const stallTime = 2 * time.Second

// logInterval is how often stalls, and faults of this machine, are logged.
const logInterval = 5 * time.Second

// stallLook is the time between two looks at the clock.
const stallLook = stallTime / 4

// A stalled is how often the process was stopped or starved so far.
type stalled struct {
	times int64
	time  time.Duration // in sum; each counts as stallTime at least, or from the one before
}

// A stallWatch counts how often the process was stopped or starved. Its zero value is ready.
type stallWatch struct {
	mu      sync.Mutex
	ticked  time.Time // the last regular look at the clock; zero: there are none
	counted bool      // waited is set
	waited  uint64    // goroutines that had waited too long at the last look
	stalled stalled
	last    time.Time // of the latest stall
	logged  time.Time // when a stall was last logged
	sample  [1]metrics.Sample
}

// seen are the stalls that were seen so far.
func (w *stallWatch) seen() stalled {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.stalled
}

// tick is a regular look at the clock and the scheduler, one every stallLook.
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
		if now.Sub(w.logged) >= logInterval {
			w.logged = now
			log.Warn("this process was stopped, or starved: what failed meanwhile is asked again",
				"late", max(0, late).Round(time.Millisecond), "goroutines", waited-w.waited)
		}
	}
	w.counted, w.waited = true, waited
	return w.stalled
}

// waitedTooLong is how many goroutines have waited for a processor for half of stallTime or more, since the process
// began. The runtime measures about one switch in eight.
func (w *stallWatch) waitedTooLong() (n uint64) {
	w.sample[0].Name = "/sched/latencies:seconds"
	metrics.Read(w.sample[:])
	if w.sample[0].Value.Kind() != metrics.KindFloat64Histogram {
		return 0 // this runtime does not say
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
