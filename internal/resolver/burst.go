package resolver

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// A burst is questions that are asked at the same time, once each.
type burst struct {
	resolver *Resolver
	upstream *upstream
	canary   Canary
	size     int
	timeout  time.Duration
	answered atomic.Int64
	over     atomic.Int64  // answered or not
	change   chan struct{} // capacity 1: one more is over
	all      sync.WaitGroup
}

func newBurst(r *Resolver, u *upstream, c Canary, size int, timeout time.Duration) *burst {
	return &burst{resolver: r, upstream: u, canary: c, size: size, timeout: timeout, change: make(chan struct{}, 1)}
}

// send sends the questions.
func (b *burst) send(ctx context.Context) {
	for range b.size {
		b.all.Go(func() {
			a := newAsker()
			a.timeout = b.timeout
			if a.pack(b.canary.question()) == nil {
				if _, err := b.resolver.exchangeUDP(ctx, a, b.upstream, true); err == nil {
					b.answered.Add(1)
				}
				a.forget()
			}
			b.over.Add(1)
			select {
			case b.change <- struct{}{}:
			default:
			}
		})
	}
}

// await waits until so many questions are answered, or no more can be, and reports which.
func (b *burst) await(ctx context.Context, enough int) bool {
	for {
		pending := int64(b.size) - b.over.Load() // read first: an answer comes before its question is over
		switch answered := b.answered.Load(); {
		case answered >= int64(enough):
			return true
		case answered+pending < int64(enough):
			return false
		}
		select {
		case <-b.change:
		case <-ctx.Done():
			return false
		}
	}
}
