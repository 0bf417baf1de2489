package egress

import (
	"context"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"stsscan/internal/limiter"
)

// A stage takes from the share of its address what it lasts beyond its limit, however it ends, and nothing
// where it ends before.
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
				transport := &Transport{dialer: &Dialer{slow: limiter.NewSlowHosts(Manners{SlowTime: most})}}
				addr := netip.MustParseAddr("22.1.0.1")
				request, cancel := context.WithCancel(WithWholeTime(t.Context(), c.deadline, 0))
				defer cancel()
				running, stop := budgetOf(request).run(request)
				defer stop()
				if c.cancelled > 0 {
					time.AfterFunc(c.cancelled, cancel)
				}
				var got ending
				began := time.Now()
				stage, done := transport.dialer.stage(running, addr, limit, func() { got.slow = true })
				context.AfterFunc(stage, func() { got.ended = time.Since(began) })
				time.Sleep(c.over)
				got.unawaited = notAwaited(stage)
				done()
				time.Sleep(time.Hour)
				synctest.Wait()
				got.took = most - timeLeft(transport.dialer.slow, addr)
				if got != c.want {
					t.Errorf("%+v, want %+v", got, c.want)
				}
			})
		})
	}
}

// timeLeft uses up what the slow hosts of an address have left, and says how much that was.
func timeLeft(slow *limiter.SlowHosts, addr netip.Addr) time.Duration {
	began := time.Now()
	ctx, end := context.WithCancelCause(context.Background())
	slow.Await(addr, end)
	<-ctx.Done()
	return time.Since(began)
}
