package resolver

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"

	"stsscan/internal/window"
)

// A question that the rate limit keeps until its deadline has not met silence, though its first attempt did.
func TestQueueAfterSilence(t *testing.T) {
	bubble(t, func(t *testing.T) {
		u := &inMemory{meet: func(q *dns.Msg) ([]byte, time.Duration) {
			if number(q) == 0 {
				return nil, 0
			}
			return absence(q), time.Millisecond
		}}
		r := memoryResolver(t, Config{Rate: 1, Retries: 2}, u)
		defer r.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 4*silenceOf)
		defer cancel()
		time.AfterFunc(silenceOf/2, func() {
			r.lastReply.Store(int64(r.now() + time.Hour)) // others have answers,
			for range 60 {                                // and wait for their turn
				go func() { _ = r.limiter.Wait(t.Context()) }()
			}
		})
		_, err := r.Exchange(ctx, txt("_mta-sts.d0.example"))
		var failed *Error
		if !errors.As(err, &failed) || !failed.Local() || failed.RecordReason() != "" || !errors.Is(err, window.ErrQueue) {
			t.Errorf("error %v, want that of our own queue", err)
		}
	})
}

// Close ends questions that wait for the rate limit, those of Sweeps too.
func TestCloseWhileTheRateHolds(t *testing.T) {
	for _, sweeping := range []bool{false, true} {
		bubble(t, func(t *testing.T) {
			r := memoryResolver(t, Config{Rate: 1.0 / 3600}, new(inMemory))
			if err := r.waitForRate(t.Context(), sweeping); err != nil {
				t.Fatal(err)
			}
			began := r.now()
			time.AfterFunc(time.Second, func() { r.Close() })
			var waiting sync.WaitGroup
			for range 2 { // one behind the other
				waiting.Go(func() {
					if err := r.waitForRate(t.Context(), sweeping); err == nil || !err.local {
						t.Errorf("error %v", err)
					}
				})
			}
			waiting.Wait()
			if took := r.now() - began; took != time.Second {
				t.Errorf("sweeping %v: ended after %v", sweeping, took)
			}
		})
	}
}
