package resolver

import "time"

// A yield is what a window brings: replies a second. Where replies take notably
// longer than at best, a larger window must bring more of them, or what it adds only
// waits with the upstream.
type yield struct {
	from    time.Duration // of the present tick
	replies int           // in it
	rate    float64       // replies a second in the latest ticks, about
	size    float64       // that the window may have; 0: any
	before  float64       // rate when it was allowed that
	since   time.Duration // when it first had that; 0: not yet
}

const (
	yieldTick = 200 * time.Millisecond
	// yieldWait is how long a larger size has to bring more, and yieldRest how
	// long it takes until a still larger one is tried where it did not.
	yieldWait = 4 * yieldTick
	yieldRest = 5 * time.Second
	// A step makes the window larger by a quarter, which must bring a fifth of
	// that at least.
	yieldStep, yieldGain = 1.25, 1.05
)

func (y *yield) replied(now time.Duration, n int) {
	y.replies += n
	if took := now - y.from; took >= yieldTick {
		y.rate += (float64(y.replies)/took.Seconds() - y.rate) / 2
		y.from, y.replies = now, 0
	}
}

// most is the size to which a window may open that has a size now.
func (y *yield) most(now time.Duration, size float64) float64 {
	switch {
	case y.size == 0:
		y.size, y.before, y.since = size, y.rate, 0
	case size < 0.99*y.size:
	case y.since == 0:
		y.since = now
	case now >= y.since+yieldRest, now >= y.since+yieldWait && y.rate >= yieldGain*y.before:
		y.size, y.before, y.since = y.size*yieldStep, y.rate, 0
	}
	return y.size
}
