package resolver

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// The rate holds however long a goroutine has to wait between its look at the
// clock and what it does with it.
func TestLimiterOnABusyMachine(t *testing.T) {
	t.Parallel()
	const perSecond, askers, questions, burst = 400, 20, 10, 4
	l := newLimiter(perSecond)
	l.now = func() time.Time {
		now := time.Now()
		time.Sleep(rand.N(5 * time.Millisecond))
		return now
	}
	began := time.Now()
	var all sync.WaitGroup
	for range askers {
		all.Go(func() {
			for range questions {
				if err := l.wait(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if least := time.Second * (askers*questions - burst) / perSecond; time.Since(began) < least {
		t.Errorf("%d questions in %v, less than %v", askers*questions, time.Since(began), least)
	}
}

// Who cannot wait, or does not want to any more, leaves the turn to the next.
func TestLimiterGivesBack(t *testing.T) {
	l := newLimiter(0.1)
	began := time.Now()
	l.now = func() time.Time { return began }
	if l.take(5) != 1 || l.take(1) != 0 {
		t.Fatal("the first is not let out, or more than it")
	}
	if err := l.wait(deadline(t, time.Second)); !errors.Is(err, errQueue) {
		t.Errorf("%v, want %v", err, errQueue)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.wait(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want %v", err, context.Canceled)
	}
	if _, delay, err := l.reserve(t.Context()); err != nil || delay != 10*time.Second {
		t.Errorf("%v, %v: the next waits for those that have gone", delay, err)
	}
}

// A question that our own queue lets out no more before its deadline has not met
// silence, though its first attempt did.
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
			r.heard.Store(int64(r.now() + time.Hour)) // others have answers,
			for range 60 {                            // and wait for their turn
				r.limiter.tokens.ReserveN(time.Now(), 1)
			}
		})
		_, err := r.Exchange(ctx, txt("_mta-sts.d0.example"))
		var failed *Error
		if !errors.As(err, &failed) || !failed.Local() || failed.RecordReason() != "" || !errors.Is(err, errQueue) {
			t.Errorf("error %v, want that of our own queue", err)
		}
	})
}

// Close ends questions that wait for the rate limit, those of Sweeps too.
func TestCloseWhileTheRateHolds(t *testing.T) {
	for _, sweeping := range []bool{false, true} {
		bubble(t, func(t *testing.T) {
			r := memoryResolver(t, Config{Rate: 1.0 / 3600}, new(inMemory))
			if err := r.admit(t.Context(), sweeping); err != nil {
				t.Fatal(err)
			}
			began := r.now()
			time.AfterFunc(time.Second, func() { r.Close() })
			var waiting sync.WaitGroup
			for range 2 { // one behind the other
				waiting.Go(func() {
					if err := r.admit(t.Context(), sweeping); err == nil || !err.local {
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
