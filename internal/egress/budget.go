package egress

import (
	"context"
	"time"
)

// WithTimeout returns a context whose request may take as long as timeout, from the addresses of the host to
// the last octet of the body. The wait for a permit does not count: our manners are not the slowness of the
// host. The time-outs of a [Config] for single stages hold too; see [WithWholeTime]. The context is for one
// request at a time.
func WithTimeout(ctx context.Context, timeout time.Duration) context.Context {
	return context.WithValue(ctx, budgetKey{}, &budget{left: timeout})
}

// WithWholeTime returns a context as WithTimeout does, whose request may spend all of its time on a slow
// handshake, header or body: HandshakeTimeout and HeaderTimeout do not end it. Its host counts as slow after
// those, and after quick in all for a body; [Manners] bound how long the slow hosts of an address are waited for.
//
// Connecting keeps its time-out: a system answers a SYN however slow its programs are, and other addresses of the
// host are still to be tried.
func WithWholeTime(ctx context.Context, timeout, quick time.Duration) context.Context {
	return context.WithValue(ctx, budgetKey{}, &budget{left: timeout, quick: quick, whole: true})
}

// WithPatience returns a context whose requests wait for a permit as long as d, which is positive, however many
// wait already. It is for requests that were put off before, a few at a time.
func WithPatience(ctx context.Context, d time.Duration) context.Context {
	return context.WithValue(ctx, patienceKey{}, d)
}

// WithPass returns a context whose requests belong to the n-th pass over their hosts. [Manners] bound how long
// an address is left alone in each pass. Each request names its pass, since the passes of a run overlap.
// Without it all belong to one pass.
func WithPass(ctx context.Context, n int) context.Context {
	return context.WithValue(ctx, passKey{}, n)
}

func passOf(ctx context.Context) int {
	n, _ := ctx.Value(passKey{}).(int)
	return n
}

type (
	budgetKey   struct{}
	patienceKey struct{}
	passKey     struct{}
)

// patience is how long a request waits for its permit; 0: as long as its Manners say.
func patience(ctx context.Context) time.Duration {
	d, _ := ctx.Value(patienceKey{}).(time.Duration)
	return d
}

// A budget is the time that a request has left. It is spent only while something is done for the request.
type budget struct {
	left  time.Duration
	whole bool          // any stage may take all of it
	quick time.Duration // with whole: of it, until a body is one of a slow host; then below zero
	began time.Time     // while it runs
}

func budgetOf(ctx context.Context) *budget {
	b, _ := ctx.Value(budgetKey{}).(*budget)
	return b
}

// run spends the budget until stop is called. The context that it returns ends when no time is left. Without a
// budget it is ctx.
func (b *budget) run(ctx context.Context) (running context.Context, stop func()) {
	if b == nil {
		return ctx, func() {}
	}
	b.began = time.Now()
	running, cancel := context.WithTimeout(ctx, b.left)
	return running, func() {
		took := time.Since(b.began)
		b.left -= took
		b.quick -= took
		cancel()
	}
}

// quickLeft is how long a body may take before its host counts as slow.
func (b *budget) quickLeft() time.Duration { return max(b.quick-time.Since(b.began), 0) }
