package limiter

import "time"

// A limit bounds the connections to one address, or to one network.
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

// A usage is what of a limit is used up.
type usage struct {
	inFlight int
	began    []time.Time // connections of the last window, in order
}

// free is when the next connection may begin, as far as it is known. It is not known, and ok is false, where
// one must end first.
func (u *usage) free(l limit, now time.Time) (at time.Time, ok bool) {
	if l.atATime >= 0 && u.inFlight >= l.atATime {
		return time.Time{}, false
	}
	return u.next(l, now), true
}

// next is when the rate alone lets the next connection begin.
func (u *usage) next(l limit, now time.Time) time.Time {
	if n := len(u.began); l.most >= 0 && n >= l.most {
		if at := u.began[n-l.most].Add(l.window); at.After(now) {
			return at
		}
	}
	return now
}

// after is when the rate alone lets the n-th connection from now on begin, the first being 0.
func (u *usage) after(n int, l limit, now time.Time) time.Time {
	ahead := usage{began: append([]time.Time(nil), u.began...)}
	for range n {
		now = ahead.next(l, now)
		ahead.began = append(ahead.began, now)
	}
	return ahead.next(l, now)
}

func (u *usage) begin(l limit, now time.Time) {
	u.forget(l, now)
	u.inFlight++
	if l.most >= 0 {
		u.began = append(u.began, now)
	}
}

// forget drops what is older than the window.
func (u *usage) forget(l limit, now time.Time) {
	n := 0
	for n < len(u.began) && !u.began[n].Add(l.window).After(now) {
		n++
	}
	if n > 0 {
		u.began = append(u.began[:0], u.began[n:]...)
	}
}

// idle reports whether nothing is left to remember.
func (u *usage) idle(l limit, now time.Time) bool {
	u.forget(l, now)
	return u.inFlight == 0 && len(u.began) == 0
}

// later is the later of two times.
func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// earlier is the earlier of two times. A zero time does not count.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
