package window

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"time"
)

// The rate holds however long a goroutine has to wait between its look at the clock and what it does with it.
func TestLimiterOnABusyMachine(t *testing.T) {
	t.Parallel()
	const perSecond, askers, questions, burst = 400, 20, 10, 4
	l := NewLimiter(perSecond)
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
				if err := l.Wait(t.Context()); err != nil {
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
	l := NewLimiter(0.1)
	began := time.Now()
	l.now = func() time.Time { return began }
	if l.Take(5) != 1 || l.Take(1) != 0 {
		t.Fatal("the first is not let out, or more than it")
	}
	soon, stop := context.WithTimeout(t.Context(), time.Second)
	defer stop()
	if err := l.Wait(soon); !errors.Is(err, ErrQueue) {
		t.Errorf("%v, want %v", err, ErrQueue)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.Wait(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want %v", err, context.Canceled)
	}
	if _, delay, err := l.reserve(t.Context()); err != nil || delay != 10*time.Second {
		t.Errorf("%v, %v: the next waits for those that have gone", delay, err)
	}
}
