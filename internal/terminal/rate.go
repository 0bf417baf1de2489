package terminal

import (
	"math"
	"time"
)

const (
	rateTime  = 10 * time.Second // the latest time counts most: what was this long ago by a factor of e less
	rateKnown = 5 * time.Second  // of observation, before a rate is known
	rateGap   = 15 * time.Second // without a look, as of a stopped process: what was before says nothing
)

// A Rate is how fast something grows: the average of the latest time, in which the present counts most. Its zero value
// has seen nothing.
type Rate struct {
	begun, last time.Time
	count       int64
	sum, weight float64 // of rates, and of the time that they were observed in
}

// Add notes how many are done now.
func (r *Rate) Add(now time.Time, count int64) {
	since := now.Sub(r.last)
	if r.last.IsZero() || since > rateGap || since < 0 {
		*r = Rate{begun: now, last: now, count: count}
		return
	}
	if since == 0 {
		return
	}
	keep := math.Exp(-since.Seconds() / rateTime.Seconds())
	grown := max(float64(count-r.count), 0) / since.Seconds()
	r.sum, r.weight = r.sum*keep+grown*(1-keep), r.weight*keep+(1-keep)
	r.last, r.count = now, count
}

// PerSecond is the rate; 0: it is not known yet, or nothing grows.
func (r *Rate) PerSecond() float64 {
	if r.last.Sub(r.begun) < rateKnown || r.weight == 0 {
		return 0
	}
	return r.sum / r.weight
}

// longestTimeLeft is the longest that a rate says anything about.
const longestTimeLeft = 1000 * time.Hour

// TimeLeft is how long so many more take at this rate, at least a second; 0: not known.
func (r *Rate) TimeLeft(more int64) time.Duration {
	rate := r.PerSecond()
	if rate <= 0 || more <= 0 {
		return 0
	}
	seconds := float64(more) / rate
	if seconds > longestTimeLeft.Seconds() {
		return 0
	}
	return max(time.Duration(seconds*float64(time.Second)), time.Second)
}
