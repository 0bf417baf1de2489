package window

import "time"

// A latency is how long replies to first attempts took of late, in seconds.
type latency struct {
	mean   float64
	median float64 // about
	least  float64 // of the medians
	n      float64 // replies that the mean is of
}

const (
	latencyOf   = 64
	medianStep  = 1.0 / 16
	leastMedian = 1e-4
	// notable is a median, in seconds, below which nothing waits for long. Above longSeconds a larger window only
	// adds to the wait. Neither holds where the least median is not much smaller.
	notable, longSeconds = 0.02, 0.4
	notMuch              = 4
	// After overdue times the mean, all but a quarter of the replies have come, whatever their distribution (Markov's
	// inequality).
	overdue = 4
)

func (l *latency) note(took time.Duration) {
	s := took.Seconds()
	l.n = min(l.n+1, latencyOf)
	l.mean += (s - l.mean) / l.n
	if s > l.median {
		l.median = max(l.median*(1+medianStep), leastMedian)
	} else {
		l.median *= 1 - medianStep
	}
	if l.n == latencyOf && (l.least == 0 || l.median < l.least) {
		l.least = l.median
	}
}

// beyond reports whether replies take longer than so many seconds, and much longer than at best.
func (l *latency) beyond(seconds float64) bool { return l.median > max(seconds, notMuch*l.least) }

// overdue is how long after its question a reply is late.
func (l *latency) overdue() time.Duration {
	return time.Duration(overdue * l.mean * float64(time.Second))
}
