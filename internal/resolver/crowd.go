package resolver

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

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

func newBurst(r *Resolver, u *upstream, c Canary, size int, timeout time.Duration) *burst {
	return &burst{resolver: r, upstream: u, canary: c, size: size, timeout: timeout, change: make(chan struct{}, 1)}
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
