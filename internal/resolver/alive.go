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
func (r *Resolver) alive(ctx context.Context, since time.Duration) bool {
	heard := func() bool { return time.Duration(r.heard.Load()) > since }
	if heard() {
		return true
	}
	probed := r.probes.DoChan("", func() (any, error) {
		r.probe()
		return nil, nil
	})
	select {
	case <-probed:
	case <-ctx.Done():
	}
	return heard()
}

// probe asks every upstream, all at the same time.
func (r *Resolver) probe() {
	var all sync.WaitGroup
	for _, u := range r.upstreams {
		all.Go(func() {
			a := newAsker()
			if err := a.pack(new(dns.Msg).SetQuestion(".", dns.TypeNS)); err == nil {
				// A reply is noted where it arrives. One lost datagram is no silence.
				if _, err := r.overUDP(r.life, a, u, true); err != nil {
					_, _ = r.overUDP(r.life, a, u, true)
				}
				a.forget()
			}
		})
	}
	all.Wait()
}
