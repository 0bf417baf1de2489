package resolver

import (
	"cmp"
	"math/rand/v2"
	"net/netip"
)

// Number is the number of an upstream for the Avoid of a [Question]; 0 where it is not one of ours.
func (r *Resolver) Number(addr netip.AddrPort) uint16 {
	for i, u := range r.upstreams {
		if u.addr == addr {
			return uint16(i + 1)
		}
	}
	return 0
}

// nextUpstream is the upstream for an attempt: the next in rotation, but not the one that was asked last if
// there is another. One that loses questions is passed over as often as it loses them. Even one that loses all
// is asked now and then, or its return would go unnoticed.
func (r *Resolver) nextUpstream(last *upstream) *upstream {
	const rest = 1.0 / 16
	n := uint64(len(r.upstreams))
	start := r.rotation.Add(1)
	var best *upstream
	for i := range n {
		u := r.upstreams[(start+i)%n]
		if u == last && n > 1 || u.breaker.IsOpen() {
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
	if best == nil && last != nil && !last.breaker.IsOpen() {
		return last // the others are stopped
	}
	return cmp.Or(best, last, r.upstreams[start%n])
}
