package egress

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/limiter"
)

// WithEarlierTimeout returns a context whose request is about a host that was too slow before, at the given
// stage and for the given reason. The host is not connected to again when the slow hosts of its address have
// used up their time.
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

// refuseSlow is the failure of a host that was too slow before and whose address has no time left; nil: the
// host may be asked again.
func (d *Dialer) refuseSlow(ctx context.Context, host string, addr netip.Addr, trace *Trace) *Error {
	before, ok := ctx.Value(slowKey{}).(earlierTimeout)
	if !ok || !d.slow.Spent(addr) {
		return nil
	}
	if before.stage == codes.StageTLS {
		trace.TLSError = codes.TLSError(before.reason)
	}
	return &Error{
		host: host, addr: addr, stage: before.stage, reason: before.reason, unawaited: true, err: limiter.ErrNotAwaited,
	}
}

// stage is the context of one stage of a request to addr. It ends after the limit of the stage. A request that
// has its whole time goes on beyond that: the host is slow then, and slow is called unless it is nil.
func (d *Dialer) stage(
	ctx context.Context, addr netip.Addr, limit time.Duration, slow func(),
) (_ context.Context, done func()) {
	if c := budgetOf(ctx); c == nil || !c.whole {
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
		waited = d.slow.Await(addr, end)
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

// notAwaited reports whether the stage ended early since its address had no time left.
func notAwaited(stage context.Context) bool { return context.Cause(stage) == limiter.ErrNotAwaited }
