package egress

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/limiter"
)

// WithWholeTime returns a context as WithTimeout does, whose request may spend
// all of its time on a slow handshake, header or body: HandshakeTimeout and
// HeaderTimeout do not end it. What it waits beyond them, and for a body beyond
// quick in all, is waiting for a slow host, which Manners bound for each address.
//
// Connecting keeps its limit: a system answers a SYN, however slow its programs
// are, and other addresses of the host are still to be tried.
func WithWholeTime(ctx context.Context, timeout, quick time.Duration) context.Context {
	return context.WithValue(ctx, clockKey{}, &clock{left: timeout, quick: quick, whole: true})
}

// WithEarlierTimeout returns a context whose request is about a host that was too
// slow before: the stage at which it was, and the reason. It is not connected to
// again where the slow hosts of its address have had their time.
func WithEarlierTimeout(ctx context.Context, stage codes.Stage, reason codes.PolicyReason) context.Context {
	return context.WithValue(ctx, slowKey{}, earlierTimeout{stage, reason})
}

type (
	slowKey        struct{}
	earlierTimeout struct {
		stage  codes.Stage
		reason codes.PolicyReason
	}
)

// refuse is the failure of a host that was too slow before, where its address has
// nothing left; nil: it may be asked again.
func (d *Dialer) refuseSlow(ctx context.Context, host string, addr netip.Addr, trace *Trace) *Error {
	before, ok := ctx.Value(slowKey{}).(earlierTimeout)
	if !ok || !d.slow.Spent(addr) {
		return nil
	}
	if before.stage == codes.StageTLS {
		trace.TLSError = codes.TLSError(before.reason)
	}
	return &Error{host: host, addr: addr, stage: before.stage, reason: before.reason, unawaited: true, err: limiter.ErrNotAwaited}
}

// stage is the context of one stage of a request to addr, which ends when the
// stage has had its limit. A request with all of its time goes on beyond that: then
// the host is a slow one, and slow is called; nil: nothing is to be done.
func (t *Transport) stage(
	ctx context.Context, addr netip.Addr, limit time.Duration, slow func(),
) (_ context.Context, done func()) {
	if c := clockOf(ctx); c == nil || !c.whole {
		return context.WithTimeout(ctx, limit)
	}
	stage, end := context.WithCancelCause(ctx)
	var mu sync.Mutex
	over, waited := false, func() {} // waited ends the waiting, if there is any
	timer := time.AfterFunc(limit, func() {
		mu.Lock()
		defer mu.Unlock()
		if over {
			return
		}
		if slow != nil {
			slow()
		}
		waited = t.dialer.slow.Await(addr, end)
	})
	return stage, func() {
		timer.Stop()
		mu.Lock()
		defer mu.Unlock()
		over = true
		waited()
		end(nil)
	}
}

// notAwaited reports whether the stage ended before its time since its address
// had nothing left.
func notAwaited(stage context.Context) bool { return context.Cause(stage) == limiter.ErrNotAwaited }
