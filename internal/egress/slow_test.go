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
	type ending struct {
		ended, took     time.Duration // of the stage, at the latest when it is done, and of the share
		slow, unawaited bool
	}
	for name, c := range map[string]struct {
		cancelled, over time.Duration // when the request is cancelled, and when the stage is done; 0: never
		deadline        time.Duration // of the request
		want            ending
	}{
		"done before":           {0, 4 * second, time.Minute, ending{ended: 4 * second}},
		"done after":            {0, 7 * second, time.Minute, ending{7 * second, 2 * second, true, false}},
		"cancelled before":      {3 * second, 3 * second, time.Minute, ending{ended: 3 * second}},
		"cancelled after":       {7 * second, 8 * second, time.Minute, ending{7 * second, 3 * second, true, false}},
		"no time left":          {0, 12 * second, 12 * second, ending{12 * second, 7 * second, true, false}},
		"less time than that":   {0, 4 * second, 4 * second, ending{ended: 4 * second}},
		"nothing left":          {0, 16 * second, time.Minute, ending{15 * second, most, true, true}},
		"cancelled, none left":  {16 * second, 17 * second, time.Minute, ending{15 * second, most, true, true}},
		"cancelled, then spent": {14 * second, 17 * second, time.Minute, ending{14 * second, most, true, false}},
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
				var got ending
				began := time.Now()
				stage, done := transport.stage(running, addr, limit, func() { got.slow = true })
				context.AfterFunc(stage, func() { got.ended = time.Since(began) })
				time.Sleep(c.over)
				got.unawaited = notAwaited(stage)
				done()
				time.Sleep(time.Hour)
				synctest.Wait()
				if share := transport.dialer.slow.shares[addr]; share != nil {
					share.settle(time.Now())
					got.took = most - share.left
				}
				if got != c.want {
					t.Errorf("%+v, want %+v", got, c.want)
				}
			})
		})
	}
}
