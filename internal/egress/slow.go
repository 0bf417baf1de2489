package egress

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"time"

	"stsscan/internal/codes"
)

// errNotAwaited says that the slow hosts of an address have had their time.
var errNotAwaited = errors.New("not awaited: the slow hosts of this address have been waited for long enough")

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

// A slowHosts says how much longer the hosts of an address are waited for that are
// slower than the quick limits. It keeps the addresses of such hosts only.
type slowHosts struct {
	most time.Duration // for each address; negative: no bound

	mu     sync.Mutex
	shares map[netip.Addr]*slowShare
}

// A slowShare is what the slow hosts of one address have left. It runs down with
// each of those that are waited for.
type slowShare struct {
	left  time.Duration // at since
	since time.Time
	waits map[*slowWait]struct{}
	timer *time.Timer // of the moment when nothing is left
}

// A slowWait is one host that is waited for.
type slowWait struct{ end context.CancelCauseFunc }

func newSlowHosts(most time.Duration) *slowHosts {
	return &slowHosts{most: most, shares: make(map[netip.Addr]*slowShare)}
}

// await notes that a host at addr is waited for, until done is called. When
// the address has nothing left, end is called with errNotAwaited.
func (s *slowHosts) await(addr netip.Addr, end context.CancelCauseFunc) (done func()) {
	if s.most < 0 {
		return func() {}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	share := s.shares[addr]
	if share == nil {
		share = &slowShare{left: s.most, waits: make(map[*slowWait]struct{})}
		s.shares[addr] = share
	}
	share.settle(time.Now())
	if share.left <= 0 {
		end(errNotAwaited)
		return func() {}
	}
	wait := &slowWait{end}
	share.waits[wait] = struct{}{}
	s.schedule(share)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		share.settle(time.Now())
		delete(share.waits, wait)
		s.schedule(share)
	}
}

// spent reports whether the slow hosts of an address have had their time.
func (s *slowHosts) spent(addr netip.Addr) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	share := s.shares[addr]
	if share == nil {
		return false
	}
	share.settle(time.Now())
	return share.left <= 0
}

// refuse is the failure of a host that was too slow before, where its address has
// nothing left; nil: it may be asked again.
func (s *slowHosts) refuse(ctx context.Context, host string, addr netip.Addr, trace *Trace) *Error {
	before, ok := ctx.Value(slowKey{}).(earlierTimeout)
	if !ok || !s.spent(addr) {
		return nil
	}
	if before.stage == codes.StageTLS {
		trace.TLSError = codes.TLSError(before.reason)
	}
	return &Error{host: host, addr: addr, stage: before.stage, reason: before.reason, unawaited: true, err: errNotAwaited}
}

// settle takes off what was waited since it was last called.
func (s *slowShare) settle(now time.Time) {
	s.left -= time.Duration(len(s.waits)) * now.Sub(s.since)
	s.since = now
}

// schedule ends the waiting when nothing will be left.
func (s *slowHosts) schedule(share *slowShare) {
	if share.timer != nil {
		share.timer.Stop()
	}
	n := time.Duration(len(share.waits))
	if n == 0 {
		return
	}
	share.timer = time.AfterFunc((share.left+n-1)/n, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		share.settle(time.Now())
		if share.left > 0 { // others have come or gone
			return
		}
		for wait := range share.waits {
			wait.end(errNotAwaited)
		}
		clear(share.waits)
	})
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
		waited = t.dialer.slow.await(addr, end)
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
func notAwaited(stage context.Context) bool { return context.Cause(stage) == errNotAwaited }
