package window

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// ErrQueue says that the queue of a [Limiter] is longer than a question can wait.
var ErrQueue = errors.New("the rate limit lets the question out after its deadline")

// A Limiter lets questions out at a rate. Its methods may be called concurrently.
//
// It reads the clock under its lock. A rate.Limiter that hears of an older moment after a younger one counts the time
// between them twice. On a busy machine, where a goroutine may wait between its look at the clock and its turn, it
// lets out more than its rate.
type Limiter struct {
	mu     sync.Mutex
	tokens *rate.Limiter
	now    func() time.Time
}

// NewLimiter returns a limiter of so many questions per second. Timers are coarse: what is due within 10 ms may go
// out at once.
func NewLimiter(perSecond float64) *Limiter {
	return &Limiter{tokens: rate.NewLimiter(rate.Limit(perSecond), max(1, int(perSecond/100))), now: time.Now}
}

// PerSecond is the rate.
func (l *Limiter) PerSecond() float64 { return float64(l.tokens.Limit()) }

// Take is how many of n questions may go out now.
func (l *Limiter) Take(n int) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	n = min(n, int(l.tokens.TokensAt(now)))
	if n <= 0 || !l.tokens.AllowN(now, n) {
		return 0
	}
	return n
}

// Wait waits until one more question may go out. Where that is after the deadline of ctx, it fails at once with
// [ErrQueue].
func (l *Limiter) Wait(ctx context.Context) error {
	due, delay, err := l.reserve(ctx)
	if err != nil || delay == 0 {
		return err
	}
	select {
	case <-time.After(delay):
		return nil
	case <-ctx.Done():
		l.mu.Lock()
		defer l.mu.Unlock()
		due.CancelAt(l.now())
		return ctx.Err()
	}
}

func (l *Limiter) reserve(ctx context.Context) (due *rate.Reservation, delay time.Duration, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	due = l.tokens.ReserveN(now, 1)
	delay = due.DelayFrom(now)
	if deadline, ok := ctx.Deadline(); ok && now.Add(delay).After(deadline) {
		due.CancelAt(now)
		return nil, 0, ErrQueue
	}
	return due, delay, nil
}
