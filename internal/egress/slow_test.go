package egress

import (
	"context"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

// The slow hosts of an address share its time, however many are waited for at once.
func TestSlowShare(t *testing.T) {
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
				s := newSlowHosts(c.most)
				began := time.Now()
				addr, other := netip.MustParseAddr("22.1.0.1"), netip.MustParseAddr("22.1.0.2")
				ends := make([]time.Duration, len(c.waits))
				for i, w := range c.waits {
					go func() {
						time.Sleep(w.begins)
						ctx, end := context.WithCancelCause(t.Context())
						context.AfterFunc(ctx, func() {
							if notAwaited(ctx) {
								ends[i] = time.Since(began)
							}
						})
						done := s.await(addr, end)
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
				if _, kept := s.shares[other]; s.spent(other) || kept || c.most < 0 == s.spent(addr) {
					t.Errorf("spent %v, %v, and of another address %v", s.spent(addr), kept, s.spent(other))
				}
			})
		})
	}
}

// A stage takes from the share of its address what it lasts beyond its limit, however it
// ends, and nothing where it ends before.
func TestStageTakesItsShare(t *testing.T) {
	const second, limit, most = time.Second, 5 * time.Second, 10 * time.Second
	for name, c := range map[string]struct {
		cancelled, over time.Duration // by whom the request is of, and when the stage is done; 0: not
		deadline        time.Duration // of the request
		ends            time.Duration // when its context does, at the latest when it is over
		took            time.Duration // of the share
		slow, unawaited bool
	}{
		"done before":           {over: 4 * second, deadline: time.Minute, ends: 4 * second},
		"done after":            {over: 7 * second, deadline: time.Minute, ends: 7 * second, took: 2 * second, slow: true},
		"cancelled before":      {cancelled: 3 * second, over: 3 * second, deadline: time.Minute, ends: 3 * second},
		"cancelled after":       {cancelled: 7 * second, over: 8 * second, deadline: time.Minute, ends: 7 * second, took: 3 * second, slow: true},
		"no time left":          {over: 12 * second, deadline: 12 * second, ends: 12 * second, took: 7 * second, slow: true},
		"less time than that":   {over: 4 * second, deadline: 4 * second, ends: 4 * second},
		"nothing left":          {over: 16 * second, deadline: time.Minute, ends: 15 * second, took: most, slow: true, unawaited: true},
		"cancelled, none left":  {cancelled: 16 * second, over: 17 * second, deadline: time.Minute, ends: 15 * second, took: most, slow: true, unawaited: true},
		"cancelled, then spent": {cancelled: 14 * second, over: 17 * second, deadline: time.Minute, ends: 14 * second, took: most, slow: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				transport := &Transport{dialer: &Dialer{slow: newSlowHosts(most)}}
				addr := netip.MustParseAddr("22.1.0.1")
				request, cancel := context.WithCancel(WithWholeTime(t.Context(), c.deadline, 0))
				defer cancel()
				running, stop := clockOf(request).run(request)
				defer stop()
				if c.cancelled > 0 {
					time.AfterFunc(c.cancelled, cancel)
				}
				began, slow, ended := time.Now(), false, time.Duration(0)
				stage, done := transport.stage(running, addr, limit, func() { slow = true })
				context.AfterFunc(stage, func() { ended = time.Since(began) })
				time.Sleep(c.over)
				unawaited := notAwaited(stage)
				done()
				time.Sleep(time.Hour)
				synctest.Wait()
				took := time.Duration(0)
				if share := transport.dialer.slow.shares[addr]; share != nil {
					share.settle(time.Now())
					took = most - share.left
				}
				if ended != c.ends || took != c.took || slow != c.slow || unawaited != c.unawaited {
					t.Errorf("ended after %v, took %v, slow %v, not awaited %v; want %+v", ended, took, slow, unawaited, c)
				}
			})
		})
	}
}
