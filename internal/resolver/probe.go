package resolver

import (
	"context"
	"sync"
	"time"

	"github.com/miekg/dns"

	"stsscan/internal/monitor"
)

// probe reports whether any upstream has answered anything since a moment. When none has, it asks each of them for
// the name servers of the root, which all of them know. So a row of dead domains is not taken for a dead resolver,
// nor the other way round.
func (r *Resolver) probe(ctx context.Context, since time.Duration) bool {
	answered := func() bool { return time.Duration(r.lastReply.Load()) > since }
	if answered() {
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
	return answered()
}

// probeAll asks every upstream, all at the same time.
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

// askCanary asks an upstream a canary over UDP, or over TCP where the answer is truncated, up to so many times until
// there is a reply. The words say what is wrong.
func (r *Resolver) askCanary(ctx context.Context, a *asker, u *upstream, c Canary, times int) (monitor.Result, string) {
	if err := a.pack(c.question()); err != nil {
		return monitor.Failed, err.Error()
	}
	a.sweeping = false
	defer a.forget()
	var result monitor.Result
	var why string
	for n := range times {
		if n > 0 {
			r.pause(ctx)
		}
		rd, _, failed := r.attempt(ctx, a, u, stepUDP)
		if failed != nil {
			result, why = c.judge(rd, failed.err)
		} else {
			result, why = c.judge(rd, nil)
		}
		if result != monitor.Failed || ctx.Err() != nil {
			break
		}
	}
	return result, why
}
