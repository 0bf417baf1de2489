package egress

import "time"

// A limit is how many connections there may be.
type limit struct {
	atATime int           // in flight; negative: no bound
	most    int           // that begin in any stretch of the window; negative: no bound
	window  time.Duration //
}

func newLimit(atATime int, rate float64) limit {
	if rate < 0 {
		return limit{atATime: atATime, most: -1}
	}
	most := max(1, int(rate))
	return limit{atATime: atATime, most: most, window: time.Duration(float64(most) / rate * float64(time.Second))}
}

// A quota is what of a limit is used up.
type quota struct {
	inFlight int
	began    []time.Time // connections of the last window, in order
}

// free is when the next connection may begin, as far as it is known: ok is
// false where one must end first.
func (q *quota) free(l limit, now time.Time) (at time.Time, ok bool) {
	if l.atATime >= 0 && q.inFlight >= l.atATime {
		return time.Time{}, false
	}
	return q.next(l, now), true
}

// next is when the rate alone lets the next connection begin.
func (q *quota) next(l limit, now time.Time) time.Time {
	if n := len(q.began); l.most >= 0 && n >= l.most {
		if at := q.began[n-l.most].Add(l.window); at.After(now) {
			return at
		}
	}
	return now
}

// after is when the rate alone lets the n-th connection from now on begin, the
// first being 0.
func (q *quota) after(n int, l limit, now time.Time) time.Time {
	ahead := quota{began: append([]time.Time(nil), q.began...)}
	for range n {
		now = ahead.next(l, now)
		ahead.began = append(ahead.began, now)
	}
	return ahead.next(l, now)
}

func (q *quota) begin(l limit, now time.Time) {
	q.forget(l, now)
	q.inFlight++
	if l.most >= 0 {
		q.began = append(q.began, now)
	}
}

// forget drops what is older than the window.
func (q *quota) forget(l limit, now time.Time) {
	n := 0
	for n < len(q.began) && !q.began[n].Add(l.window).After(now) {
		n++
	}
	if n > 0 {
		q.began = append(q.began[:0], q.began[n:]...)
	}
}

// idle reports whether nothing is left to remember.
func (q *quota) idle(l limit, now time.Time) bool {
	q.forget(l, now)
	return q.inFlight == 0 && len(q.began) == 0
}
