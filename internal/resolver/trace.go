package resolver

import (
	"context"
	"net/netip"
	"sync"
	"time"
)

// A Trace is what an answer took: the sum over all questions asked with one context.
type Trace struct {
	Upstream netip.AddrPort // that gave the last reply; without a reply, that was asked last
	Attempts int            // messages sent, over UDP and TCP
	TCP      bool           // the last reply came over TCP
	Elapsed  time.Duration  // waits for the rate limit included
}

// WithTrace returns a context in which Exchange adds to t. Any number of Exchanges may use it at a time; t must not
// be read before they have returned.
func WithTrace(ctx context.Context, t *Trace) context.Context {
	return context.WithValue(ctx, traceKey{}, &recorder{trace: t})
}

type traceKey struct{}

type recorder struct {
	mu    sync.Mutex
	trace *Trace
}

// record adds what one question took to the Trace of ctx, if there is one.
func record(ctx context.Context, t Trace, replied bool) {
	r, ok := ctx.Value(traceKey{}).(*recorder)
	if !ok {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.trace.Attempts += t.Attempts
	r.trace.Elapsed += t.Elapsed
	if replied || !r.trace.Upstream.IsValid() {
		r.trace.Upstream, r.trace.TCP = t.Upstream, t.TCP
	}
}
