package resolver

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// errQueue says that our own queue is longer than a question can wait.
var errQueue = errors.New("the rate limit lets the question out after its deadline")

// A limiter lets questions out at a rate. It reads the clock under its lock: a
// rate.Limiter that hears of an older moment after a younger one counts the time
// between them twice, and on a busy machine, where a goroutine may have to wait
// between its look at the clock and its turn, lets out more than its rate.
type limiter struct {
	mu     sync.Mutex
	tokens *rate.Limiter
	now    func() time.Time
}

// newLimiter is a limiter of so many questions per second. Timers are coarse:
// what is due within 10 ms may go out at once.
func newLimiter(perSecond float64) *limiter {
	return &limiter{tokens: rate.NewLimiter(rate.Limit(perSecond), max(1, int(perSecond/100))), now: time.Now}
}

// perSecond is the rate.
func (l *limiter) perSecond() float64 { return float64(l.tokens.Limit()) }

// take is how many of n questions may go out now.
func (l *limiter) take(n int) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	n = min(n, int(l.tokens.TokensAt(now)))
	if n <= 0 || !l.tokens.AllowN(now, n) {
		return 0
	}
	return n
}

// wait waits until one more question may go out. Where that is after the
// deadline of ctx, it fails at once.
func (l *limiter) wait(ctx context.Context) error {
	due, delay, err := l.reserve(ctx)
	if err != nil || delay == 0 {
		return err
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		l.mu.Lock()
		defer l.mu.Unlock()
		due.CancelAt(l.now())
		return ctx.Err()
	}
}

func (l *limiter) reserve(ctx context.Context) (due *rate.Reservation, delay time.Duration, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	due = l.tokens.ReserveN(now, 1)
	delay = due.DelayFrom(now)
	if deadline, ok := ctx.Deadline(); ok && now.Add(delay).After(deadline) {
		due.CancelAt(now)
		return nil, 0, errQueue
	}
	return due, delay, nil
}
