package resolver

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync/atomic"

	"github.com/miekg/dns"

	"stsscan/internal/monitor"
	"stsscan/internal/window"
)

// An upstream is a full resolver, with the sockets of Exchange that are connected to it. All goroutines of the
// Resolver share it: what may change is atomic, or has a lock of its own.
type upstream struct {
	addr      netip.AddrPort
	sockets   []*socket
	loss      window.Loss
	breaker   monitor.Breaker // opened and closed by the monitor
	windowLog window.Log      // of the windows of lanes
	counts    struct {
		asked, answered, timeouts, servfail, refused, mismatched, suspected, failed, tcp atomic.Int64
	}
	lastReply  atomic.Int64 // when it came, in nanoseconds since the Resolver began
	caseFolded atomic.Int64 // replies that did not keep the case of the name
	foldsCase  atomic.Bool  // it does not keep it: 0x20 is off
}

// allStopped reports whether the breakers of all upstreams are open.
func allStopped(upstreams []*upstream) bool {
	return !slices.ContainsFunc(upstreams, func(u *upstream) bool { return !u.breaker.IsOpen() })
}

// countDeclined counts an rcode that declines a question.
func (u *upstream) countDeclined(rcode int) {
	switch rcode {
	case dns.RcodeServerFailure:
		u.counts.servfail.Add(1)
	case dns.RcodeRefused:
		u.counts.refused.Add(1)
	}
}

// randomSocket is one of the sockets: the port of a question is part of what a forger must guess.
func (u *upstream) randomSocket() *socket { return u.sockets[rand.IntN(len(u.sockets))] }

func (u *upstream) close() {
	for _, s := range u.sockets {
		s.close()
	}
}

// tally counts the attempts until now.
func (u *upstream) tally() monitor.Tally {
	c := &u.counts
	return monitor.Tally{
		Answered: c.answered.Load() - c.servfail.Load() - c.refused.Load(),
		Failed:   c.timeouts.Load() + c.servfail.Load() + c.refused.Load() + c.failed.Load(),
	}
}
