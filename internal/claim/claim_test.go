package claim_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"stsscan/internal/claim"
	"stsscan/internal/store"
)

// A holder that was stopped finds its claim as it left it, and goes on: its renewals were stopped, too.
func TestPausedAlone(t *testing.T) {
	eachStore(t, func(t *testing.T, s store.Store) {
		c := must(t, config(s, "alpha"))
		time.Sleep(3 * time.Minute)
		if err := c.Check(t.Context()); err != nil {
			t.Error(err)
		}
		ctx := c.While(t.Context())
		time.Sleep(time.Hour)
		if err := c.Check(t.Context()); err != nil || ctx.Err() != nil {
			t.Errorf("%v, %v", err, ctx.Err())
		}
		release(t, c)
	})
}

// A holder that was stopped while another one took over is told so before it writes anything.
func TestPausedAndOvertaken(t *testing.T) {
	for _, ends := range []bool{false, true} {
		eachStore(t, func(t *testing.T, s store.Store) {
			c := must(t, config(s, "alpha"))
			next := must(t, config(s, "beta"))
			if ends {
				release(t, next)
			}
			if err := c.Check(t.Context()); !errors.Is(err, claim.ErrLost) {
				t.Errorf("overtaken: %v", err)
			}
			ctx := c.While(t.Context())
			<-ctx.Done()
			if err := context.Cause(ctx); !errors.Is(err, claim.ErrLost) {
				t.Errorf("the cause is %v", err)
			}
			release(t, c)
			if isThere(t, s) == ends {
				t.Errorf("the claim of the other one is there: %v", !ends)
			}
			if !ends {
				if err := next.Check(t.Context()); err != nil {
					t.Errorf("the other one: %v", err)
				}
				release(t, next)
			}
		})
	}
}

// A claim that was lost without a word is not taken from its new holder.
func TestReleaseOvertaken(t *testing.T) {
	eachStore(t, func(t *testing.T, s store.Store) {
		c := must(t, config(s, "alpha"))
		next := must(t, config(s, "beta"))
		release(t, c)
		if err := next.Check(t.Context()); err != nil || !isThere(t, s) {
			t.Error(err)
		}
		release(t, next)
	})
}

// Nothing is lost while the store is out of reach: writes wait when a minute and a half has passed, and go on.
func TestOutOfReach(t *testing.T) {
	s := newMemory()
	synctest.Test(t, func(t *testing.T) {
		c := must(t, config(s, "alpha"))
		ctx := c.While(t.Context())
		check := func(most time.Duration) error {
			var err error
			if after := took(func() { err = c.Check(t.Context()) }); after > most {
				t.Errorf("a check took %v", after)
			}
			return err
		}
		s.set(true)
		time.Sleep(89 * time.Second)
		if err := check(0); err != nil {
			t.Errorf("after 89 s: %v", err)
		}
		time.AfterFunc(5*time.Minute, func() { s.set(false) })
		if time.Sleep(time.Second); isRenewed(t, s, c) {
			t.Error("a claim that was not renewed for 90 s is fresh")
		}
		if err := check(6 * time.Minute); err != nil || ctx.Err() != nil {
			t.Errorf("after six minutes: %v, %v", err, ctx.Err())
		}

		s.set(true)
		time.Sleep(2 * time.Minute)
		if err := check(11 * time.Minute); !errors.Is(err, store.ErrUnavailable) || ctx.Err() != nil {
			t.Errorf("a store that stays out of reach: %v, %v", err, ctx.Err())
		}
		s.set(false)
		release(t, c)
	})
}

// isRenewed reports whether Check returns at once.
func isRenewed(t *testing.T, s *memory, c *claim.Claim) bool {
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	return c.Check(ctx) == nil
}

// A put that failed may have put all the same.
func TestLostReply(t *testing.T) {
	s := newMemory()
	synctest.Test(t, func(t *testing.T) {
		s.lostReply = true
		c := must(t, config(s, "alpha"))
		ctx := c.While(t.Context())
		for range 10 {
			s.mu.Lock()
			s.lostReply = true
			s.mu.Unlock()
			time.Sleep(time.Minute)
			if err := c.Check(t.Context()); err != nil || ctx.Err() != nil {
				t.Errorf("%v, %v", err, ctx.Err())
			}
		}
		release(t, c)
	})
}

// A clock that is set loses nothing, and one that has gone on while the machine slept makes the holder ask.
func TestClockJumps(t *testing.T) {
	s := newMemory()
	synctest.Test(t, func(t *testing.T) {
		var ahead time.Duration
		alpha := config(s, "alpha")
		alpha.Wall = func() time.Time { return time.Now().Add(ahead) }
		c := must(t, alpha)
		for _, ahead = range []time.Duration{time.Hour, -time.Hour, 0} {
			if err := c.Check(t.Context()); err != nil {
				t.Errorf("ahead by %v: %v", ahead, err)
			}
		}
		must(t, config(s, "beta"))
		if err := c.Check(t.Context()); !errors.Is(err, claim.ErrLost) {
			t.Errorf("overtaken: %v", err)
		}

		c = must(t, alpha)
		s.putRaw(name, "of somebody else")
		if err := c.Check(t.Context()); err != nil {
			t.Errorf("nothing says that it was lost: %v", err)
		}
		ahead = 2 * time.Minute // the monotonic clock stood still
		if err := c.Check(t.Context()); !errors.Is(err, claim.ErrLost) {
			t.Errorf("overtaken in its sleep: %v", err)
		}
	})
}

// Checks cost nothing between renewals, however many goroutines make them.
func TestCheckIsCheap(t *testing.T) {
	s := newMemory()
	synctest.Test(t, func(t *testing.T) {
		c := must(t, config(s, "alpha"))
		done := make(chan error)
		for range 8 {
			go func() {
				var err error
				for range 100 {
					time.Sleep(time.Second)
					err = errors.Join(err, c.Check(t.Context()))
				}
				done <- err
			}()
		}
		for range 8 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if s.puts != 2 { // when it was taken, and after 90 s
			t.Errorf("%d puts", s.puts)
		}
		release(t, c)
	})
}
