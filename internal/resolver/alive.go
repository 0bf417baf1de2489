package resolver

import (
	"context"
	"sync"
	"time"

	"github.com/miekg/dns"
)

// alive reports whether any upstream has answered anything since the moment
// given. When none has, it asks each of them for the name servers of the root,
// which every one of them knows, so that a row of dead domains is not taken for
// a dead resolver, nor the other way round.
func (r *Resolver) probe(ctx context.Context, since time.Duration) bool {
	heard := func() bool { return time.Duration(r.lastReply.Load()) > since }
	if heard() {
		return true
	}
	probed := r.probing.DoChan("", func() (any, error) {
		r.probeAll()
		return nil, nil
	})
	select {
	case <-probed:
	case <-ctx.Done():
	}
	return heard()
}

// probe asks every upstream, all at the same time.
func (r *Resolver) probeAll() {
	var all sync.WaitGroup
	for _, u := range r.upstreams {
		all.Go(func() {
			a := newAsker()
			if err := a.pack(new(dns.Msg).SetQuestion(".", dns.TypeNS)); err == nil {
				// A reply is noted where it arrives. One lost datagram is no silence.
				if _, err := r.exchangeUDP(r.ctx, a, u, true); err != nil {
					_, _ = r.exchangeUDP(r.ctx, a, u, true)
				}
				a.forget()
			}
		})
	}
	all.Wait()
}
