package resolver

import (
	"math/rand/v2"
	"net/netip"
	"sync/atomic"

	"github.com/miekg/dns"

	"stsscan/internal/window"
)

// An upstream is a full resolver, with the sockets that are connected to it.
type upstream struct {
	addr      netip.AddrPort
	sockets   []*socket
	loss      window.Loss
	breaker   breaker
	windowLog window.Log
	counts    struct {
		asked, answered, timeouts, servfail, refused, mismatched, suspected, failed, tcp atomic.Int64
	}
	lastReply      atomic.Int64 // when it did last, in nanoseconds since the Resolver began
	unhealthySince atomic.Int64 // since when a watch is not content, in nanoseconds since the Resolver began; 0: it is
	caseFolded     atomic.Int64 // replies that did not keep the case of the name
	foldsCase      atomic.Bool  // it does not keep it: 0x20 is off
}

func (u *upstream) stats() UpstreamStats {
	return UpstreamStats{
		Upstream:   u.addr,
		Asked:      u.counts.asked.Load(),
		Answered:   u.counts.answered.Load(),
		Timeouts:   u.counts.timeouts.Load(),
		Servfail:   u.counts.servfail.Load(),
		Refused:    u.counts.refused.Load(),
		Mismatched: u.counts.mismatched.Load(),
		Suspected:  u.counts.suspected.Load(),
		Failed:     u.counts.failed.Load(),
		TCP:        u.counts.tcp.Load(),
	}
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

// randomSocket is one of the sockets, at random: the port of a question is part of
// what a forger must guess.
func (u *upstream) randomSocket() *socket { return u.sockets[rand.IntN(len(u.sockets))] }

func (u *upstream) close() {
	for _, s := range u.sockets {
		s.close()
	}
}

// A tally is what an upstream has done until a moment.
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
