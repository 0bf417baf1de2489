package resolver

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync/atomic"

	"github.com/miekg/dns"

	"stsscan/internal/window"
)

// An upstream is a full resolver, with the sockets of Exchange that are connected to it. All goroutines of the
// Resolver share it: what may change is atomic, or has a lock of its own.
type upstream struct {
	addr      netip.AddrPort
	sockets   []*socket
	loss      window.Loss
	breaker   breaker    // opened and closed by the monitor
	windowLog window.Log // of the windows of lanes
	counts    struct {
		asked, answered, timeouts, servfail, refused, mismatched, suspected, failed, tcp atomic.Int64
	}
	lastReply      atomic.Int64 // when it came, in nanoseconds since the Resolver began
	unhealthySince atomic.Int64 // set by the monitor, in nanoseconds since the Resolver began; 0: it is healthy
	caseFolded     atomic.Int64 // replies that did not keep the case of the name
	foldsCase      atomic.Bool  // it does not keep it: 0x20 is off
}

// allStopped reports whether the breakers of all upstreams are open.
func allStopped(upstreams []*upstream) bool {
	return !slices.ContainsFunc(upstreams, func(u *upstream) bool { return !u.breaker.open.Load() })
}

// countDeclined counts the rcodes by which an upstream declines a question.
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

// A tally counts the attempts at an upstream until a moment.
type tally struct{ answered, failed int64 }

func (u *upstream) tally() tally {
	c := &u.counts
	return tally{
		answered: c.answered.Load() - c.servfail.Load() - c.refused.Load(),
		failed:   c.timeouts.Load() + c.servfail.Load() + c.refused.Load() + c.failed.Load(),
	}
}

func (t tally) minus(o tally) tally {
	return tally{t.answered - o.answered, t.failed - o.failed}
}

// attempts is how many attempts a tally is about.
func (t tally) attempts() int64 { return t.answered + t.failed }

// share is the share of attempts that failed; 0 where there were none.
func (t tally) share() float64 {
	return float64(t.failed) / float64(max(t.answered+t.failed, 1))
}
