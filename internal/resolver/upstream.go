package resolver

import (
	"cmp"
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

// UpstreamStats counts what happened with one upstream since the start.
type UpstreamStats struct {
	Upstream   netip.AddrPort
	Asked      int64 // questions sent, over UDP and TCP
	Answered   int64 // valid replies
	Timeouts   int64 // questions without a valid reply in time
	Servfail   int64 // replies with rcode SERVFAIL
	Refused    int64 // replies with rcode REFUSED
	Mismatched int64 // datagrams and messages that answer no question in flight: forged, garbled, or late
	Suspected  int64 // answers that were not believed, since many forgeries came before them, and asked for again over TCP
	Failed     int64 // questions that an error of the socket ended, as when nobody listens there
	TCP        int64 // questions repeated over TCP
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

// complain counts the rcodes by which an upstream declines a question.
func (u *upstream) countDeclined(rcode int) {
	switch rcode {
	case dns.RcodeServerFailure:
		u.counts.servfail.Add(1)
	case dns.RcodeRefused:
		u.counts.refused.Add(1)
	}
}

// socket is one of the sockets, at random: the port of a question is part of
// what a forger must guess.
func (u *upstream) randomSocket() *socket { return u.sockets[rand.IntN(len(u.sockets))] }

func (u *upstream) close() {
	for _, s := range u.sockets {
		s.close()
	}
}

// Number is the number of an upstream, as the Avoid of a [Question] wants it; 0
// where it is none of ours.
func (r *Resolver) Number(addr netip.AddrPort) uint16 {
	for i, u := range r.upstreams {
		if u.addr == addr {
			return uint16(i + 1)
		}
	}
	return 0
}

// avoided is the route to the upstream of a number; nil where there is none.
func (l *lane) routeToAvoid(n uint16) *route {
	if n == 0 || int(n) > len(l.routes) {
		return nil
	}
	return l.routes[n-1]
}

// next is the upstream for an attempt: the next in rotation, but never the one
// that was asked just now when there is another. One that loses questions is
// passed over as often as it loses them; even one that loses all is asked now
// and then, or nobody would notice its return.
func (r *Resolver) nextUpstream(last *upstream) *upstream {
	const rest = 1.0 / 16
	n := uint64(len(r.upstreams))
	start := r.rotation.Add(1)
	var best *upstream
	for i := range n {
		u := r.upstreams[(start+i)%n]
		if u == last && n > 1 || u.breaker.open.Load() {
			continue
		}
		lost := u.loss.Share()
		if rand.Float64() < max(rest, 1-lost) {
			return u
		}
		if best == nil || lost < best.loss.Share() {
			best = u
		}
	}
	if best == nil && last != nil && !last.breaker.open.Load() {
		return last // the others are stopped
	}
	return cmp.Or(best, last, r.upstreams[start%n])
}
