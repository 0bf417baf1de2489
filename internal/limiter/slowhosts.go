package limiter

import (
	"errors"
	"net/netip"
	"sync"
	"time"
)

// ErrNotAwaited says that the slow hosts of an address have used up their time.
var ErrNotAwaited = errors.New("not awaited: the slow hosts of this address have been waited for long enough")

// SlowHosts say how much longer the slow hosts of an address are waited for: those that the usual time-outs
// were too short for. Each of them that is waited for uses up the time of the address. It keeps the addresses
// of such hosts only, and may be used concurrently.
type SlowHosts struct {
	most time.Duration // for each address; negative: no bound

	mu     sync.Mutex
	shares map[netip.Addr]*slowShare
}

// A slowShare is what the slow hosts of one address have left.
type slowShare struct {
	left  time.Duration // at since
	since time.Time
	waits map[*slowWait]struct{}
	timer *time.Timer // of the moment when nothing is left
}

// A slowWait is one host that is waited for.
type slowWait struct{ end func(error) }

// NewSlowHosts make SlowHosts by the manners.
func NewSlowHosts(m Manners) *SlowHosts {
	return &SlowHosts{most: m.withDefaults().SlowTime, shares: make(map[netip.Addr]*slowShare)}
}

// Await notes that a host at addr is waited for, until done is called. When the address has no time left, end
// is called with [ErrNotAwaited].
func (s *SlowHosts) Await(addr netip.Addr, end func(error)) (done func()) {
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
	share.update(time.Now())
	if share.left <= 0 {
		end(ErrNotAwaited)
		return func() {}
	}
	wait := &slowWait{end}
	share.waits[wait] = struct{}{}
	s.schedule(share)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		share.update(time.Now())
		delete(share.waits, wait)
		s.schedule(share)
	}
}

// Spent reports whether the slow hosts of an address have used up their time.
func (s *SlowHosts) Spent(addr netip.Addr) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	share := s.shares[addr]
	if share == nil {
		return false
	}
	share.update(time.Now())
	return share.left <= 0
}

// update takes off what was waited since the last update.
func (s *slowShare) update(now time.Time) {
	s.left -= time.Duration(len(s.waits)) * now.Sub(s.since)
	s.since = now
}

// schedule ends the waiting when nothing will be left.
func (s *SlowHosts) schedule(share *slowShare) {
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
		share.update(time.Now())
		if share.left > 0 { // others have come or gone
			return
		}
		for wait := range share.waits {
			wait.end(ErrNotAwaited)
		}
		clear(share.waits)
	})
}
