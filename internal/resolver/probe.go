package resolver

import (
	"context"
	"sync"
	"sync/atomic"
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

// sing asks an upstream a canary over UDP, or TCP where the answer is
// truncated, up to so many times until there is a reply.
func (r *Resolver) askCanary(ctx context.Context, a *asker, u *upstream, c Canary, times int) (canaryResult, string) {
	if err := a.pack(c.question()); err != nil {
		return canaryFailed, err.Error()
	}
	a.plain = false
	defer a.forget()
	var sang canaryResult
	var why string
	for n := range times {
		if n > 0 {
			r.pause(ctx)
		}
		rd, _, failed := r.attempt(ctx, a, u, stepUDP)
		if failed != nil {
			sang, why = c.judge(rd, failed.err)
		} else {
			sang, why = c.judge(rd, nil)
		}
		if sang != canaryFailed || ctx.Err() != nil {
			break
		}
	}
	return sang, why
}

func newBurst(r *Resolver, u *upstream, c Canary, size int, timeout time.Duration) *burst {
	return &burst{resolver: r, upstream: u, canary: c, size: size, timeout: timeout, change: make(chan struct{}, 1)}
}

// A crowd is questions that are asked at the same time, once each.
type burst struct {
	resolver *Resolver
	upstream *upstream
	canary   Canary
	size     int
	timeout  time.Duration
	answered atomic.Int64
	change   chan struct{} // capacity 1: one more is over
	all      sync.WaitGroup
}

// ask sends the questions.
func (c *burst) send(ctx context.Context) {
	for range c.size {
		c.all.Go(func() {
			a := newAsker()
			a.timeout = c.timeout
			if a.pack(c.canary.question()) == nil {
				if _, err := c.resolver.exchangeUDP(ctx, a, c.upstream, true); err == nil {
					c.answered.Add(1)
				}
				a.forget()
			}
			if ctx.Err() == nil {
				select {
				case c.change <- struct{}{}:
				default:
				}
			}
		})
	}
}

// some waits until so many are answered, or no more can be, and reports which.
func (c *burst) await(ctx context.Context, enough int) bool {
	timer := time.NewTimer(c.timeout + time.Second)
	defer timer.Stop()
	for c.answered.Load() < int64(enough) {
		select {
		case <-c.change:
		case <-timer.C:
			return false
		case <-ctx.Done():
			return false
		}
	}
	return true
}
