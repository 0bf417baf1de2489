package resolver

import "time"

// A yield is what a window brings: replies a second. Where replies take notably
// longer than they did at best, a window that is larger must bring more of them, or
// what it adds only waits with the upstream.
type yield struct {
	from    time.Duration // of the present tick
	replies int           // in it
	rate    float64       // replies a second, about, of the latest ticks
	size    float64       // that the window may have; 0: not looked at yet
	before  float64       // rate when it was allowed that
	since   time.Duration // when it had that
}

const (
	yieldTick = 200 * time.Millisecond
	// yieldWait is how long a larger size has to bring more, and yieldRest how
	// long it takes until a larger one is tried where it did not.
	yieldWait = 4 * yieldTick
	yieldRest = 5 * time.Second
	// A step of the size must bring a part of itself.
	yieldStep, yieldGain = 1.25, 1.05
	// notable is a median latency, in seconds, below which nothing waits for long.
	notable = 0.05
)

func (y *yield) count(now time.Duration, n int) {
	y.replies += n
	if took := now - y.from; took >= yieldTick {
		rate := float64(y.replies) / took.Seconds()
		y.rate += (rate - y.rate) / 2
		y.from, y.replies = now, 0
	}
}

// most is the size up to which a window may open.
func (y *yield) most(now time.Duration, w *window) float64 {
	if w.median <= max(notable, slowTimes*w.least) {
		y.size = 0
		return w.ceiling
	}
	switch {
	case y.size == 0:
		y.size, y.before, y.since = max(w.size, w.turn), y.rate, 0
	case w.size < 0.99*y.size:
	case y.since == 0:
		y.since = now
	case now < y.since+yieldWait:
	case y.rate >= yieldGain*y.before || now >= y.since+yieldRest:
		y.size, y.before, y.since = y.size*yieldStep, y.rate, 0
	}
	return y.size
}
