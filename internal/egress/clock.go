package egress

import (
	"context"
	"time"
)

// WithTimeout returns a context whose request may take as long as timeout from
// the host's addresses to the last octet of the body, with the time apart that
// the request waits for its turn: our manners are not the host's slowness. The
// limits of a [Config] for single stages hold too; see [WithWholeTime]. The context
// is for one request at a time.
func WithTimeout(ctx context.Context, timeout time.Duration) context.Context {
	return context.WithValue(ctx, clockKey{}, &clock{left: timeout})
}

// WithPatience returns a context whose requests wait for their turn for as long
// as d, however many wait already: for those who come back for what was put off,
// a few at a time.
func WithPatience(ctx context.Context, d time.Duration) context.Context {
	return context.WithValue(ctx, patienceKey{}, d)
}

// WithPass returns a context whose requests are of the n-th pass over their hosts.
// In each pass an address may be left alone for as long as [Manners] says: the
// pass is told with the requests, since the passes of a run overlap. Without it
// all are of one pass.
func WithPass(ctx context.Context, n int) context.Context {
	return context.WithValue(ctx, passKey{}, n)
}

func passOf(ctx context.Context) int {
	n, _ := ctx.Value(passKey{}).(int)
	return n
}

type (
	clockKey    struct{}
	patienceKey struct{}
	passKey     struct{}
)

// patience is how long a request waits for its permit; 0: as long as its Manners say.
func patience(ctx context.Context) time.Duration {
	d, _ := ctx.Value(patienceKey{}).(time.Duration)
	return d
}

// A clock is the time that a request has left. It only runs while something is
// done for it.
type clock struct {
	left  time.Duration
	whole bool          // any stage may take all of it
	quick time.Duration // with whole: of it, until a body is one of a slow host; then below zero
	began time.Time     // while it runs
}

func clockOf(ctx context.Context) *clock {
	c, _ := ctx.Value(clockKey{}).(*clock)
	return c
}

// run lets the clock run until stop is called; the context that it returns ends
// when no time is left. Without a clock it is ctx.
func (c *clock) run(ctx context.Context) (running context.Context, stop func()) {
	if c == nil {
		return ctx, func() {}
	}
	c.began = time.Now()
	running, cancel := context.WithTimeout(ctx, c.left)
	return running, func() {
		took := time.Since(c.began)
		c.left -= took
		c.quick -= took
		cancel()
	}
}

// quickLeft is how long a body may take until it is one of a slow host.
func (c *clock) quickLeft() time.Duration { return max(c.quick-time.Since(c.began), 0) }
