package window

import "time"

// A throughput is the replies a second that a window brings. Where replies take notably longer than at best, a larger
// window must bring more of them, or what it adds only waits with the upstream.
type throughput struct {
	from    time.Duration // of the present tick
	replies int           // in it
	rate    float64       // replies a second in the latest ticks, about
	size    float64       // that the window may have; 0: any
	before  float64       // rate when it was allowed that size
	since   time.Duration // when it first had that size; 0: not yet
}

const (
	throughputTick = 200 * time.Millisecond
	// A larger size has enlargedWait to bring more. Where it did not, a still larger one is tried after enlargedRest.
	enlargedWait = 4 * throughputTick
	enlargedRest = 5 * time.Second
	// A step makes the window larger by a quarter, which must bring a fifth of that at least.
	enlargedStep, enlargedGain = 1.25, 1.05
)

func (t *throughput) replied(now time.Duration, n int) {
	t.replies += n
	if took := now - t.from; took >= throughputTick {
		t.rate += (float64(t.replies)/took.Seconds() - t.rate) / 2
		t.from, t.replies = now, 0
	}
}

// most is how far a window of the given size may open.
func (t *throughput) most(now time.Duration, size float64) float64 {
	switch {
	case t.size == 0:
		t.size, t.before, t.since = size, t.rate, 0
	case size < 0.99*t.size:
	case t.since == 0:
		t.since = now
	case now >= t.since+enlargedRest, now >= t.since+enlargedWait && t.rate >= enlargedGain*t.before:
		t.size, t.before, t.since = t.size*enlargedStep, t.rate, 0
	}
	return t.size
}
