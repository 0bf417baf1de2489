package limiter

import (
	"context"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

// The slow hosts of an address share its time, however many are waited for at once.
func TestSlowHosts(t *testing.T) {
	const second = time.Second
	type wait struct {
		begins time.Duration
		done   time.Duration // when it is over by itself; 0: never
		ends   time.Duration // when it is ended; 0: never
	}
	for name, c := range map[string]struct {
		most  time.Duration
		waits []wait
	}{
		"one":                     {10 * second, []wait{{0, 0, 10 * second}}},
		"two at once":             {10 * second, []wait{{0, 0, 5 * second}, {0, 0, 5 * second}}},
		"one after the other":     {10 * second, []wait{{0, 4 * second, 0}, {6 * second, 0, 12 * second}}},
		"one comes":               {10 * second, []wait{{0, 0, 7 * second}, {4 * second, 0, 7 * second}}},
		"one goes":                {10 * second, []wait{{0, 2 * second, 0}, {0, 0, 8 * second}}},
		"one comes too late":      {10 * second, []wait{{0, 0, 10 * second}, {11 * second, 0, 11 * second}}},
		"time between waits":      {10 * second, []wait{{0, 9 * second, 0}, {time.Hour, 0, time.Hour + second}}},
		"no bound":                {-1, []wait{{0, 0, 0}, {time.Hour, 0, 0}}},
		"less than can be shared": {time.Nanosecond, []wait{{0, 0, 1}, {0, 0, 1}, {0, 0, 1}}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := NewSlowHosts(Manners{SlowTime: c.most})
				began := time.Now()
				addr, other := netip.MustParseAddr("22.1.0.1"), netip.MustParseAddr("22.1.0.2")
				ends := make([]time.Duration, len(c.waits))
				for i, w := range c.waits {
					go func() {
						time.Sleep(w.begins)
						ctx, end := context.WithCancelCause(t.Context())
						context.AfterFunc(ctx, func() {
							if context.Cause(ctx) == ErrNotAwaited {
								ends[i] = time.Since(began)
							}
						})
						done := s.Await(addr, end)
						if w.done > 0 {
							time.Sleep(w.done - w.begins)
							done()
						}
					}()
				}
				time.Sleep(2 * time.Hour)
				synctest.Wait()
				for i, w := range c.waits {
					if ends[i] != w.ends {
						t.Errorf("wait %d ended after %v, want %v", i, ends[i], w.ends)
					}
				}
				if _, kept := s.shares[other]; s.Spent(other) || kept || c.most < 0 == s.Spent(addr) {
					t.Errorf("spent %v, %v, and of another address %v", s.Spent(addr), kept, s.Spent(other))
				}
			})
		})
	}
}
