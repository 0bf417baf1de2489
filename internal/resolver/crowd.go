package resolver

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// A crowd is questions that are asked at the same time, once each.
type crowd struct {
	*Resolver
	upstream *upstream
	canary   Canary
	size     int
	timeout  time.Duration
	answered atomic.Int64
	change   chan struct{} // capacity 1: one more is over
	all      sync.WaitGroup
}

func newCrowd(r *Resolver, u *upstream, c Canary, size int, timeout time.Duration) *crowd {
	return &crowd{Resolver: r, upstream: u, canary: c, size: size, timeout: timeout, change: make(chan struct{}, 1)}
}

// ask sends the questions.
func (c *crowd) ask(ctx context.Context) {
	for range c.size {
		c.all.Go(func() {
			a := newAsker()
			a.timeout = c.timeout
			if a.pack(c.canary.question()) == nil {
				if _, err := c.overUDP(ctx, a, c.upstream, true); err == nil {
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
func (c *crowd) some(ctx context.Context, enough int) bool {
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
